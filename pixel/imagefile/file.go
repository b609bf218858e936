package imagefile

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxFile is the size in bytes of the largest file that is read.
const MaxFile = 256 << 20

// file is the memory for reading files, kept so that reading one allocates none:
// package os does for each.
type file struct {
	path []byte // ends with a zero byte
	stat unix.Stat_t
	data []byte
}

// ReadFile returns the content of a regular file of at most MaxFile bytes. Anything
// else, such as a FIFO, is an error and never waited for. The content is valid until
// the next call.
func (r *Reader) ReadFile(path string) ([]byte, error) {
	f := &r.file
	fd, err := f.open(path)
	if err != nil {
		return nil, &Error{"cannot be opened", err}
	}
	defer unix.Close(fd)
	if err := unix.Fstat(fd, &f.stat); err != nil {
		return nil, &Error{"cannot be opened", err}
	}
	if f.stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &Error{Reason: "not a regular file but " + fileKind(f.stat.Mode)}
	}
	if f.stat.Size > MaxFile {
		return nil, &Error{Reason: fmt.Sprintf("%d bytes are more than %d", f.stat.Size, MaxFile)}
	}
	// One byte more than the size, to see the end without growing.
	f.data = slices.Grow(f.data[:0], int(f.stat.Size)+1)
	for len(f.data) <= MaxFile {
		n, err := unix.Read(fd, f.data[len(f.data):cap(f.data)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, &Error{"cannot be read", err}
		case n == 0:
			return f.data, nil
		}
		f.data = f.data[:len(f.data)+n]
		if len(f.data) == cap(f.data) {
			f.data = slices.Grow(f.data, 1)
		}
	}
	return nil, &Error{Reason: fmt.Sprintf("it grows while it is read, beyond %d bytes", MaxFile)}
}

// open opens a file for reading without waiting for a writer, should it be a FIFO.
// Package unix's Open would allocate a copy of the path.
func (f *file) open(path string) (int, error) {
	f.path = append(append(f.path[:0], path...), 0)
	if slices.Index(f.path, 0) != len(path) {
		return 0, syscall.EINVAL
	}
	for {
		const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC
		directory := unix.AT_FDCWD
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(directory), uintptr(unsafe.Pointer(&f.path[0])), flags, 0, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func fileKind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	}
	return "a device"
}
