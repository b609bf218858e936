package weights

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// Read reads the weights in the file at path, whatever its name ends in: a
// safetensors file or a PyTorch file (zip or legacy), told apart by content. From a
// PyTorch file it takes the dict under "state_dict", else the one under "model",
// else the dict at the top. Every error is an *Error.
func Read(path string) (*File, error) {
	var f *File
	err := withFile(path, func(r io.ReaderAt, size int64) (err error) {
		f, err = decode(r, size)
		return err
	})
	return f, err
}

// withFile opens a regular file and names it in what use reports. A pipe or a device
// is refused before it is opened, because opening may block and its size says nothing.
func withFile(path string, use func(r io.ReaderAt, size int64) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return &Error{Path: path, Reason: "cannot be read", Err: pathless(err)}
	}
	if info.IsDir() {
		e := refuse("is a folder").advise("name a file in it")
		e.Path = path
		return e
	}
	if !info.Mode().IsRegular() {
		e := refuse("is not a regular file").advise("copy its content into one")
		e.Path = path
		return e
	}
	file, err := os.Open(path)
	if err != nil {
		return &Error{Path: path, Reason: "cannot be read", Err: pathless(err)}
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return &Error{Path: path, Reason: "cannot be read", Err: pathless(err)}
	}
	return withPath(path, use(file, info.Size()))
}

// pathless drops the operation and path from an operating system's error: Error
// already names the file.
func pathless(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

func withPath(path string, err error) error {
	if e, ok := err.(*Error); ok {
		e.Path = path
	}
	return err
}

// sniffLength covers every magic below; the farthest is tar's, at 257.
const sniffLength = 512

// decode reads weights of any format from the first size bytes of r.
func decode(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, min(size, sniffLength))
	if err := readAt(r, head, 0); err != nil {
		return nil, err
	}
	// A safetensors file whose header happens to be 0x04034b50 bytes long also begins
	// with a zip's magic; then comes '{' where a zip has its compression method. Its
	// length is at most 1e8, which the legacy magic is not, and text with a space in
	// that place is not either.
	header := len(head) > 8 && (head[8] == '{' || strings.IndexByte(white, head[8]) >= 0 && le.Uint64(head) <= maxHeader)
	switch {
	case bytes.HasPrefix(head, legacyMagic):
		return decodeTorchLegacy(r, size)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && !header:
		return decodeTorchZip(r, size)
	case len(head) >= 265 && string(head[257:262]) == "ustar":
		return nil, refuse("is a tar archive, the format of torch 0.1.1").
			advise("load it with that PyTorch and save it again with torch >= 1.6")
	case header:
		return ReadSafetensors(r, size)
	case size < 10:
		return nil, refuse("has only %d bytes", size).advise(damaged)
	case head[0] == opProto:
		return nil, refuse("is a Python pickle, but not one that torch.save wrote").
			advise("write it with torch.save(model.state_dict(), path)")
	}
	return nil, refuse("is neither a safetensors nor a PyTorch file: it begins with % x", head[:8]).
		advise("check the path; a download page saved in its place begins with text")
}

// readAt fills b from offset, or reports why not.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	if n, err := r.ReadAt(b, offset); n < len(b) {
		return &Error{Offset: offset + int64(n), Reason: "cannot be read", Err: pathless(err)}
	}
	return nil
}
