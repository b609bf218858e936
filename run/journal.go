package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Journal is a file that grows by whole entries, lines or records. Each entry is
// one write, so that a killed program leaves every finished one and at most a part
// of one more, which the next opening cuts off.
type Journal struct {
	path   string
	f      *os.File
	offset int64
}

// Offset returns the file's length in bytes, for a checkpoint to store.
func (j *Journal) Offset() int64 { return j.offset }

// Sync makes what was appended durable. Call it before a checkpoint that stores
// Offset is saved, or a power failure could leave the checkpoint without entries.
func (j *Journal) Sync() error {
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", j.path, err)
	}
	return nil
}

// Close closes the file.
func (j *Journal) Close() error {
	if err := j.f.Close(); err != nil {
		return fmt.Errorf("close %s: %w", j.path, err)
	}
	return nil
}

func (j *Journal) append(entry []byte) error {
	n, err := j.f.WriteAt(entry, j.offset)
	if err != nil {
		// Without the part of an entry that was written, Offset stays right.
		if n > 0 {
			_ = j.f.Truncate(j.offset)
		}
		return fmt.Errorf("append to %s: %w%s", j.path, err, remedy(err))
	}
	j.offset += int64(n)
	return nil
}

// openJournal opens the file at path, cut to at bytes. whole returns the length of
// a file's first at bytes without a part of an entry at their end.
func openJournal(path string, at int64, whole func(f io.ReaderAt, at int64) (int64, error)) (*Journal, string, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, "", fmt.Errorf("open %s: %w%s", path, err, remedy(err))
	}
	fail := func(err error) (*Journal, string, error) {
		return nil, "", errors.Join(fmt.Errorf("cut %s to %d bytes: %w", path, at, err), f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	length, err := whole(f, min(at, info.Size()))
	if err != nil {
		return fail(err)
	}
	if err := f.Truncate(length); err != nil {
		return fail(err)
	}
	warning := ""
	if length < at {
		warning = fmt.Sprintf("%s has %d bytes of whole entries where the checkpoint counts %d; those between are lost", path, length, at)
	}
	return &Journal{path: path, f: f, offset: length}, warning, nil
}

// wholeLines returns the length of f's first at bytes without a part of a line
// at their end.
func wholeLines(f io.ReaderAt, at int64) (int64, error) {
	const chunk = 4096
	buf := make([]byte, chunk)
	for end := at; end > 0; {
		begin := max(0, end-chunk)
		n, err := f.ReadAt(buf[:end-begin], begin)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}
