package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"augmix/data"

	"golang.org/x/sys/unix"
)

// enoughSpace returns an error where the archive, of which the size is known, and its
// content do not fit on the disk.
func (d *download) enoughSpace() error {
	if d.size == 0 {
		return nil
	}
	need, what := d.size-d.have, "for the archive"
	if !d.options.NoUnpack {
		need += d.archive.unpackedSize(d.size)
		what += " and its content"
	}
	return checkSpace(filepath.Dir(d.path), need, what)
}

// checkSpace returns an error where dir's disk has not so many bytes free.
func checkSpace(dir string, need int64, what string) error {
	free, err := freeSpace(dir)
	if err != nil || free >= need {
		return nil // A file system that does not say may have room.
	}
	return fmt.Errorf("%s: %s are free, %s are needed %s; free some space, or name another folder with --data", dir, Bytes(free), Bytes(need), what)
}

// freeSpace is a variable so that a test can have a small disk.
var freeSpace = func(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// unpackedSize is the most bytes that the content of an archive of size bytes has.
func (a Archive) unpackedSize(size int64) int64 {
	if a.Unpacked > 0 {
		return a.Unpacked
	}
	return size
}

// settle gives a file or folder that is complete its name, durably.
func settle(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := os.Remove(from + validatorSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err // Some network file systems cannot sync a folder.
	}
	return nil
}

// missingFile returns the *data.Error for a file that cannot be opened.
func missingFile(path string, err error) error {
	reason := "cannot be read"
	if errors.Is(err, os.ErrNotExist) {
		reason, err = "there is no such file", nil
	}
	return &data.Error{Kind: data.Missing, Path: path, Reason: reason, Err: err}
}

// newDigest returns the hash that a published digest is of.
func newDigest(published string) hash.Hash {
	if len(published) == 2*md5.Size {
		return md5.New()
	}
	return sha256.New()
}

// copyCounted copies src to dst and tells how many bytes are done.
func copyCounted(ctx context.Context, dst io.Writer, src io.Reader, tell func(done int64)) error {
	buffer := make([]byte, 1<<20)
	var done int64
	for {
		n, err := src.Read(buffer)
		if n > 0 {
			if _, err := dst.Write(buffer[:n]); err != nil {
				return err
			}
			done += int64(n)
			tell(done)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}

// Bytes writes a size in decimal units, as 2.92 GB.
func Bytes(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	x, unit := float64(n), 0
	for ; x >= 1000 && unit < len(units)-1; unit++ {
		x /= 1000
	}
	if unit == 0 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return strconv.FormatFloat(x, 'f', 2, 64) + " " + units[unit]
}

// verifyFile checks a file's size and digest, where they are known. What differs is an
// *data.Error about want.Path.
func verifyFile(ctx context.Context, o *Options, path string, want data.PublishedFile) error {
	f, err := os.Open(path)
	if err != nil {
		return missingFile(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	damaged := &data.Error{Kind: data.Invalid, Path: want.Path}
	if !info.Mode().IsRegular() {
		damaged.Reason = "is not a regular file"
		return damaged
	}
	if want.Size > 0 && info.Size() != want.Size {
		damaged.Reason = fmt.Sprintf("has %d bytes, the published file has %d", info.Size(), want.Size)
		return damaged
	}
	if want.Digest == "" {
		return nil
	}
	sum := newDigest(want.Digest)
	what := "verifying " + filepath.Base(want.Path)
	if err := copyCounted(ctx, sum, f, func(done int64) { o.progress(done, info.Size(), what) }); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.Digest {
		damaged.Reason = fmt.Sprintf("has the digest %s, the published one is %s", got, want.Digest)
		return damaged
	}
	return nil
}
