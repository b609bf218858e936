package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// NPY is an open .npy file, of which rows can be read without the rest.
type NPY struct {
	NPYHeader
	path   string
	file   io.ReaderAt
	close  func() error
	offset int64 // of the data
}

// OpenNPY opens a .npy file and checks its header and its size, which must be that
// of header and data exactly. Every error is an *Error.
func OpenNPY(path string) (*NPY, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cannotRead(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, invalid(path, "is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, cannotRead(path, err)
	}
	n, err := readNPY(file, info.Size())
	if err != nil {
		file.Close()
		if bad, ok := errors.AsType[*os.PathError](err); ok {
			return nil, cannotRead(path, bad)
		}
		return nil, invalid(path, "%v", err)
	}
	n.path, n.close = path, file.Close
	return n, nil
}

// readNPY reads the header of a file of size bytes.
func readNPY(r io.ReaderAt, size int64) (*NPY, error) {
	head := make([]byte, min(size, npyPreamble))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	start, end, err := headerSpan(head)
	if err != nil {
		return nil, err
	}
	if int64(end) > size {
		return nil, errors.New("ends within the header")
	}
	text := make([]byte, end-start)
	if _, err := r.ReadAt(text, int64(start)); err != nil && err != io.EOF {
		return nil, err
	}
	h, err := parseNPYHeader(text)
	if err != nil {
		return nil, err
	}
	data, err := h.bytes()
	if err != nil {
		return nil, err
	}
	if have := size - int64(end); have != data {
		return nil, fmt.Errorf("has %d bytes of data, its header (%s of %s) says %d", have, h.shapeText(), h.Descr, data)
	}
	return &NPY{NPYHeader: h, file: r, offset: int64(end), close: func() error { return nil }}, nil
}

// Close closes the file.
func (n *NPY) Close() error { return n.close() }

// ReadRows fills dst, a whole number of rows (entries along the first dimension),
// with the raw bytes of rows first onwards.
func (n *NPY) ReadRows(dst []byte, first int) error {
	row := n.rowBytes()
	if len(n.Shape) == 0 || row == 0 || int64(len(dst))%row != 0 ||
		first < 0 || int64(first)+int64(len(dst))/row > int64(n.Shape[0]) {
		panic("data: NPY.ReadRows outside of the array")
	}
	if len(dst) == 0 {
		return nil
	}
	if _, err := n.file.ReadAt(dst, n.offset+int64(first)*row); err != nil {
		return cannotRead(n.path, err)
	}
	return nil
}

// Integers returns all elements of an array of integers of any width, whole in
// memory. limit is the most elements that the caller expects.
func (n *NPY) Integers(limit int) ([]int64, error) {
	if !n.integer() {
		return nil, invalid(n.path, "holds numbers of type %s, not integers", n.Descr)
	}
	size, err := n.bytes()
	if err != nil || size > int64(limit)*int64(n.itemSize()) {
		return nil, invalid(n.path, "has the shape %s, more than the %d numbers expected", n.shapeText(), limit)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(n.file, n.offset, size), raw); err != nil {
		return nil, cannotRead(n.path, err)
	}
	out := make([]int64, size/int64(n.itemSize()))
	for i := range out {
		v, ok := npyInteger(n.Descr, raw[i*n.itemSize():])
		if !ok {
			return nil, invalid(n.path, "element %d is beyond every label", i)
		}
		out[i] = v
	}
	return out, nil
}

// npyInteger decodes one integer; ok is false for a uint64 beyond int64.
func npyInteger(descr string, b []byte) (v int64, ok bool) {
	le := binary.LittleEndian
	switch descr {
	case "|u1":
		return int64(b[0]), true
	case "|i1":
		return int64(int8(b[0])), true
	case "<u2":
		return int64(le.Uint16(b)), true
	case "<i2":
		return int64(int16(le.Uint16(b))), true
	case "<u4":
		return int64(le.Uint32(b)), true
	case "<i4":
		return int64(int32(le.Uint32(b))), true
	}
	u := le.Uint64(b)
	return int64(u), descr == "<i8" || u <= math.MaxInt64
}

// WriteNPY writes an array: its header, as NumPy writes it, and its raw data,
// which must be as large as the header says.
func WriteNPY(w io.Writer, h NPYHeader, data []byte) error {
	size, err := h.bytes()
	if err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	head, err := h.Encode()
	if err != nil {
		return err
	}
	if int64(len(data)) != size {
		return fmt.Errorf("npy: %d bytes of data for %s of %s, which has %d", len(data), h.shapeText(), h.Descr, size)
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
