package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NPYHeader describes the array of a .npy file (NumPy's format specification,
// numpy/lib/format.py): little-endian, C order.
type NPYHeader struct {
	Descr string // NumPy's name of the element type, "|u1", "<i8", …
	Shape []int  // empty: one element
}

// npyTypes are the element types that are read, with their sizes in bytes. Big
// endian, text, records and Python objects (a pickle) are refused.
var npyTypes = map[string]int{
	"|u1": 1, "|i1": 1, "|b1": 1,
	"<u2": 2, "<i2": 2, "<f2": 2,
	"<u4": 4, "<i4": 4, "<f4": 4,
	"<u8": 8, "<i8": 8, "<f8": 8,
}

const (
	npyMagic = "\x93NUMPY"
	// npyMaxHeader is NumPy's own limit (max_header_size), against headers that
	// announce gigabytes.
	npyMaxHeader = 10_000
	// npyMaxDims is NumPy's NPY_MAXDIMS.
	npyMaxDims = 64
	// npyAlign is what the data's offset is a multiple of.
	npyAlign = 64
	// npyGrowth is how many digits NumPy leaves room for in the first dimension, so
	// that a file can grow in place (GROWTH_AXIS_MAX_DIGITS).
	npyGrowth = 21
)

// itemSize returns the bytes of an element.
func (h NPYHeader) itemSize() int { return npyTypes[h.Descr] }

// integer tells whether the elements are integers.
func (h NPYHeader) integer() bool { return strings.ContainsAny(h.Descr[1:2], "ui") }

// bytes returns the size of the data, or an error if it exceeds an int64.
func (h NPYHeader) bytes() (int64, error) {
	total := int64(h.itemSize())
	for _, n := range h.Shape {
		if n > 0 && total > math.MaxInt64/int64(n) {
			return 0, fmt.Errorf("shape %s is larger than any file", h.shapeText())
		}
		total *= int64(n)
	}
	return total, nil
}

// rowBytes returns the bytes of one entry along the first dimension.
func (h NPYHeader) rowBytes() int64 {
	row := int64(h.itemSize())
	for _, n := range h.Shape[min(1, len(h.Shape)):] {
		row *= int64(n)
	}
	return row
}

// shapeText writes the shape as Python does.
func (h NPYHeader) shapeText() string {
	parts := make([]string, len(h.Shape))
	for i, n := range h.Shape {
		parts[i] = strconv.Itoa(n)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Encode returns everything that comes before the data in a version 1.0 file, as
// NumPy writes it.
func (h NPYHeader) Encode() ([]byte, error) {
	if h.itemSize() == 0 {
		return nil, fmt.Errorf("npy: element type %q cannot be written", h.Descr)
	}
	if len(h.Shape) > npyMaxDims || slices.ContainsFunc(h.Shape, func(n int) bool { return n < 0 }) {
		return nil, fmt.Errorf("npy: shape %s cannot be written", h.shapeText())
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", h.Descr, h.shapeText())
	if len(h.Shape) > 0 {
		dict += strings.Repeat(" ", max(0, npyGrowth-len(strconv.Itoa(h.Shape[0]))))
	}
	before := len(npyMagic) + 4
	total := (before + len(dict) + 1 + npyAlign - 1) / npyAlign * npyAlign
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(total-before))
	b = append(b, dict...)
	b = append(b, strings.Repeat(" ", total-before-len(dict)-1)...)
	return append(b, '\n'), nil
}

// npyPreamble is the length of what must be read to know a header's length: magic,
// version and the longer of the two length fields.
const npyPreamble = 12

// headerSpan takes a file's first bytes and returns where the header's text starts
// and ends.
func headerSpan(head []byte) (start, end int, err error) {
	if !bytes.HasPrefix(head, []byte(npyMagic)) {
		return 0, 0, errors.New("is not a .npy file: it does not begin with \\x93NUMPY")
	}
	if len(head) < npyPreamble {
		return 0, 0, errors.New("ends within the header")
	}
	var length uint32
	switch major, minor := head[6], head[7]; {
	case major == 1 && minor == 0:
		start, length = 10, uint32(binary.LittleEndian.Uint16(head[8:]))
	case (major == 2 || major == 3) && minor == 0:
		start, length = 12, binary.LittleEndian.Uint32(head[8:])
	default:
		return 0, 0, fmt.Errorf("has .npy version %d.%d; versions 1.0, 2.0 and 3.0 are read", major, minor)
	}
	if length > npyMaxHeader {
		return 0, 0, fmt.Errorf("has a header of %d bytes; more than %d are not read", length, npyMaxHeader)
	}
	return start, start + int(length), nil
}

// parseNPYHeader reads a header's text: a Python dict with exactly the keys descr,
// fortran_order and shape, in any order.
func parseNPYHeader(text []byte) (NPYHeader, error) {
	if !utf8.Valid(text) {
		return NPYHeader{}, errors.New("the header is not text")
	}
	p := pyLiteral{rest: string(text)}
	values, err := p.dict()
	if err != nil {
		return NPYHeader{}, fmt.Errorf("the header is not a Python dict of descr, fortran_order and shape: %w", err)
	}
	var h NPYHeader
	var fortran, ok bool
	for key, value := range values {
		switch key {
		case "descr":
			if h.Descr, ok = value.(string); !ok {
				return h, errors.New("descr describes records; only plain numbers are read")
			}
		case "fortran_order":
			if fortran, ok = value.(bool); !ok {
				return h, fmt.Errorf("fortran_order is %v, not True or False", value)
			}
		case "shape":
			if h.Shape, ok = value.([]int); !ok {
				return h, fmt.Errorf("shape is %v, not a tuple of sizes", value)
			}
		default:
			return h, fmt.Errorf("the header has the unknown key %.40q", key)
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if _, ok := values[key]; !ok {
			return h, fmt.Errorf("the header has no %s", key)
		}
	}
	if h.itemSize() == 0 {
		return h, fmt.Errorf("descr is %.40q; little-endian numbers are read, not objects, text, records or big-endian ones", h.Descr)
	}
	if fortran && len(h.Shape) > 1 {
		return h, errors.New("fortran_order is True; save the array with numpy.ascontiguousarray")
	}
	if len(h.Shape) > npyMaxDims {
		return h, fmt.Errorf("shape has %d dimensions", len(h.Shape))
	}
	_, err = h.bytes()
	return h, err
}
