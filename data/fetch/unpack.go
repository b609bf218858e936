package fetch

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"augmix/data"
	"augmix/run"

	"golang.org/x/sys/unix"
)

// Limits on what an archive may hold, besides its bytes. The largest, extra.tar of
// ImageNet-C, has a million files.
const (
	maxMembers = 4_000_000
	maxDepth   = 8   // folders in each other
	maxName    = 255 // bytes of a folder's or file's name
)

// unpacker takes the members of one archive.
type unpacker struct {
	archive Archive
	root    *os.Root // the folder that they go into; nothing is written outside of it
	limit   int64    // bytes that may come
	left    int64    // of them
	top     string   // the one folder of an archive without a group
	want    map[string]data.PublishedFile
	entries map[string]Entry // what is in root
	members int
}

// Entry is a folder or file that an archive was unpacked to.
type Entry struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// unpack writes the content of the archive at file into the new folder staging and
// returns what is in that. An archive of a set without groups must hold one folder,
// whose content it is. Whatever else it holds than files and folders, whatever leads
// out of the folder, is there twice or is more than the archive should hold, is a
// *data.Error about file.
func unpack(ctx context.Context, a Archive, file, staging string, tell func(done int64)) (map[string]Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, missingFile(file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(staging, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(staging)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	limit := a.unpackedSize(info.Size())
	u := &unpacker{archive: a, root: root, limit: limit, left: limit, entries: map[string]Entry{}, want: map[string]data.PublishedFile{}}
	for _, p := range a.Files {
		u.want[strings.TrimPrefix(p.Path, a.Folder+"/")] = p
	}
	err = u.all(ctx, &counted{f, 0, tell}, strings.HasSuffix(a.Path, ".gz"))
	if bad, ok := errors.AsType[*memberError](err); ok {
		return nil, &data.Error{Kind: data.Invalid, Path: file, Reason: bad.reason, Err: bad.err,
			Remedy: "Nothing of it was kept. It is not the published archive; remove it and fetch it again."}
	}
	if err != nil {
		return nil, run.Remedied(err)
	}
	return u.entries, nil
}

// memberError says what is wrong with an archive.
type memberError struct {
	reason string
	err    error
}

func (e *memberError) Error() string { return e.reason }

func wrong(format string, args ...any) error {
	return &memberError{reason: fmt.Sprintf(format, args...)}
}

// counted tells how much was read.
type counted struct {
	r    io.Reader
	done int64
	tell func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	c.tell(c.done)
	return n, err
}

func (u *unpacker) all(ctx context.Context, r io.Reader, zipped bool) error {
	if zipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return &memberError{"is not a .gz file", err}
		}
		r = z
	}
	// Headers and padding count too: a small .gz can hold endless ones.
	const room = 1 << 20
	stream := &io.LimitedReader{R: r, N: 2*u.left + room}
	t := tar.NewReader(stream)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil && stream.N == 0 {
			return u.tooLarge()
		}
		if err != nil {
			return &memberError{"is not a whole .tar file", err}
		}
		if u.members++; u.members > maxMembers {
			return wrong("has more than %d members", maxMembers)
		}
		if err := u.member(h, t); err != nil {
			return err
		}
	}
	// The checksum of a .gz is behind its end.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return &memberError{"is damaged", err}
	}
	if stream.N == 0 {
		return u.tooLarge()
	}
	return u.complete()
}

func (u *unpacker) tooLarge() error {
	return wrong("unpacks to more than the %d bytes that it should hold", u.limit)
}

// complete checks that all published files came.
func (u *unpacker) complete() error {
	for name := range u.want {
		return wrong("does not hold %s", name)
	}
	if len(u.entries) == 0 {
		return wrong("holds no file")
	}
	return nil
}

// member takes one member.
func (u *unpacker) member(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := u.localName(h.Name)
	if err != nil {
		return err
	}
	switch {
	case h.Typeflag == tar.TypeDir:
		return u.folder(name)
	case name == ".":
		return wrong("holds %s outside of a folder", quoted(h.Name))
	case h.Typeflag != tar.TypeReg:
		return wrong("holds %s, %s", quoted(h.Name), kindOf(h.Typeflag))
	case isSparse(h):
		return wrong("holds %s, a sparse file", quoted(h.Name))
	}
	if h.Size > u.left {
		return wrong("holds more than it should: %s of %d bytes", quoted(h.Name), h.Size)
	}
	u.left -= h.Size
	if err := u.folder(path.Dir(name)); err != nil {
		return err
	}
	return u.file(name, h.Size, content)
}

func (u *unpacker) folder(name string) error {
	if name == "." {
		return nil
	}
	if err := u.root.MkdirAll(name, 0o777); err != nil {
		return &memberError{"holds a folder " + quoted(name) + " that cannot be made", err}
	}
	return nil
}

// file writes one file and checks its digest if that is published.
func (u *unpacker) file(name string, size int64, content io.Reader) error {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return wrong("holds %s twice", quoted(name))
	}
	if err != nil {
		return err
	}
	defer f.Close()
	want, published := u.want[name]
	var sum hash.Hash
	var dst io.Writer = f
	if published {
		sum = newDigest(want.Digest)
		dst = io.MultiWriter(f, sum)
	}
	n, err := io.Copy(dst, content)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && n != size {
		return wrong("ends within %s", quoted(name))
	}
	if _, ok := errors.AsType[*os.PathError](err); err != nil && !ok {
		return &memberError{"is damaged at " + quoted(name), err}
	}
	if err != nil {
		return err
	}
	if published {
		if got := hex.EncodeToString(sum.Sum(nil)); got != want.Digest {
			return wrong("holds %s with the digest %s, the published file's is %s", quoted(name), got, want.Digest)
		}
		delete(u.want, name)
	}
	top, _, _ := strings.Cut(name, "/")
	e := u.entries[top]
	u.entries[top] = Entry{e.Files + 1, e.Bytes + n}
	return f.Close()
}

// syncAll makes everything on dir's file system durable: a call for each of a million
// files would take hours.
func syncAll(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
