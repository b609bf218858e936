package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// header builds the bytes before the data by hand, right or wrong.
func header(major, minor byte, text string) []byte {
	b := append([]byte(npyMagic), major, minor)
	if major == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	}
	return append(b, text...)
}

func dict(descr, fortran, shape string) string {
	return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n"
}

// Written by numpy 2.4.6: numpy.save of zeros of these types and shapes.
var npyGoldens = []struct {
	h    NPYHeader
	text string // of the header, without its padding
	data int64  // offset of the data
}{
	{NPYHeader{"|u1", []int{50000}}, "{'descr': '|u1', 'fortran_order': False, 'shape': (50000,), }", 128},
	{NPYHeader{"|u1", []int{50000, 32, 32, 3}}, "{'descr': '|u1', 'fortran_order': False, 'shape': (50000, 32, 32, 3), }", 128},
	{NPYHeader{"<i8", []int{}}, "{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 128},
	{NPYHeader{"<f4", []int{3, 0}}, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0), }", 128},
	// The room to grow pushes this one over 128 bytes.
	{NPYHeader{"<f8", []int{2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), }", 192},
}

func TestNPYHeaderAsNumPyWritesIt(t *testing.T) {
	for _, g := range npyGoldens {
		got, err := g.h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(got)) != g.data || strings.TrimRight(string(got[10:]), " \n") != g.text || got[len(got)-1] != '\n' {
			t.Errorf("Encode(%v) = %q (%d bytes), want %q in %d bytes", g.h, got, len(got), g.text, g.data)
		}
		size, _ := g.h.bytes()
		n, err := readNPY(bytes.NewReader(append(got, make([]byte, size)...)), g.data+size)
		if err != nil || n.Descr != g.h.Descr || !slices.Equal(n.Shape, g.h.Shape) || n.offset != g.data {
			t.Errorf("reading %v back: %+v, %v", g.h, n, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, h := range []NPYHeader{{"|O", []int{1}}, {">u2", []int{1}}, {"|u1", []int{-1}}, {"|u1", make([]int, 65)}} {
		if b, err := h.Encode(); err == nil {
			t.Errorf("Encode(%v) = %q, want an error", h, b)
		}
	}
	var buf bytes.Buffer
	if err := WriteNPY(&buf, NPYHeader{"<u2", []int{3}}, make([]byte, 5)); err == nil {
		t.Error("WriteNPY of 5 bytes for 3 <u2 has no error")
	}
}

func TestNPYAccepts(t *testing.T) {
	plain := dict("'|u1'", "False", "(2, 3)")
	tests := map[string][]byte{
		"version 1":            header(1, 0, plain),
		"version 2":            header(2, 0, plain),
		"version 3":            header(3, 0, plain),
		"re-ordered keys":      header(1, 0, "{'shape': (2, 3), 'descr': '|u1', 'fortran_order': False}"),
		"double quotes":        header(1, 0, `{"descr": "|u1", "fortran_order": False, "shape": (2, 3)}`),
		"no spaces":            header(1, 0, "{'descr':'|u1','fortran_order':False,'shape':(2,3)}"),
		"comma after the last": header(1, 0, dict("'|u1'", "False", "(2, 3,)")),
		"padding of 16":        header(1, 0, plain+strings.Repeat(" ", 5)+"\n"),
	}
	for name, head := range tests {
		file := append(slices.Clone(head), 1, 2, 3, 4, 5, 6)
		n, err := readNPY(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		row := make([]byte, 3)
		if err := n.ReadRows(row, 1); err != nil || !bytes.Equal(row, []byte{4, 5, 6}) {
			t.Errorf("%s: row 1 = %v, %v, want [4 5 6]", name, row, err)
		}
	}
	// A one-dimensional array is in both orders.
	file := append(header(1, 0, dict("'|u1'", "True", "(1,)")), 7)
	if _, err := readNPY(bytes.NewReader(file), int64(len(file))); err != nil {
		t.Errorf("fortran_order of one dimension: %v", err)
	}
}

func TestNPYRefuses(t *testing.T) {
	six := make([]byte, 6)
	with := func(head []byte, data []byte) []byte { return append(slices.Clone(head), data...) }
	good := with(header(1, 0, dict("'|u1'", "False", "(2, 3)")), six)
	text := func(text string) []byte { return with(header(1, 0, text), six) }
	lying := with(append([]byte(npyMagic), 2, 0, 0xff, 0xff, 0xff, 0xff), six)
	tests := []struct {
		name string
		file []byte
		want string // in the message
	}{
		{"empty", nil, "\\x93NUMPY"},
		{"text", []byte("hello, this is no array"), "\\x93NUMPY"},
		{"a zip (.npz)", []byte("PK\x03\x04 and more of it"), "\\x93NUMPY"},
		{"magic alone", []byte(npyMagic), "ends within the header"},
		{"magic and version", good[:8], "ends within the header"},
		{"half a header", good[:40], "ends within the header"},
		{"version 0", with([]byte(npyMagic+"\x00\x00"), good[8:]), "version 0.0"},
		{"version 1.1", with([]byte(npyMagic+"\x01\x01"), good[8:]), "version 1.1"},
		{"version 4", with([]byte(npyMagic+"\x04\x00"), good[8:]), "version 4.0"},
		{"header of 4 GiB", lying, "header of 4294967295 bytes"},
		{"header of 10001", header(2, 0, "{"+strings.Repeat(" ", 10000)), "header of 10001 bytes"},
		{"header past the end", with(append([]byte(npyMagic), 2, 0, 0x10, 0x27, 0, 0), six), "ends within the header"},
		{"object", text(dict("'|O'", "False", "(2, 3)")), `"|O"`},
		{"big-endian", text(dict("'>u2'", "False", "(3,)")), `">u2"`},
		{"native order", text(dict("'=u2'", "False", "(3,)")), `"=u2"`},
		{"unicode text", text(dict("'<U1'", "False", "(3,)")), `"<U1"`},
		{"bytes text", text(dict("'|S1'", "False", "(6,)")), `"|S1"`},
		{"complex", text(dict("'<c8'", "False", "(1,)")), `"<c8"`},
		{"dates", text(dict("'<M8[s]'", "False", "(1,)")), `"<M8[s]"`},
		{"long double", text(dict("'<f16'", "False", "(1,)")), `"<f16"`},
		{"records", text(dict("[('a', '|u1')]", "False", "(6,)")), "a string, True, False or a tuple"},
		{"descr a tuple", text(dict("(1,)", "False", "(6,)")), "descr describes records"},
		{"fortran", text(dict("'|u1'", "True", "(2, 3)")), "ascontiguousarray"},
		{"fortran a string", text(dict("'|u1'", "'False'", "(2, 3)")), "not True or False"},
		{"fortran a number", text(dict("'|u1'", "0", "(2, 3)")), "a string, True, False or a tuple"},
		{"shape a string", text(dict("'|u1'", "False", "'(2, 3)'")), "not a tuple"},
		{"shape a number", text(dict("'|u1'", "False", "6")), "a string, True, False or a tuple"},
		{"shape not a tuple", text(dict("'|u1'", "False", "(6)")), "want ,"},
		{"shape a list", text(dict("'|u1'", "False", "[2, 3]")), "a string, True, False or a tuple"},
		{"negative size", text(dict("'|u1'", "False", "(-2, -3)")), "want a size"},
		{"fractional size", text(dict("'|u1'", "False", "(2.0, 3)")), "want ,"},
		{"size with sign", text(dict("'|u1'", "False", "(+6,)")), "want a size"},
		{"octal size", text(dict("'|u1'", "False", "(06,)")), "want a size"},
		{"size of 2^63", text(dict("'|u1'", "False", "(9223372036854775808,)")), "want a size"},
		{"overflow to 6", text(dict("'|u1'", "False", "(6148914691236517206, 3, 3)")), "larger than any file"},
		{"overflow to 0", text(dict("'|u1'", "False", "(4294967296, 4294967296)")), "larger than any file"},
		{"overflow by type", text(dict("'<f8'", "False", "(2305843009213693952,)")), "larger than any file"},
		{"65 dimensions", text(dict("'|u1'", "False", "("+strings.Repeat("1, ", 64)+"6)")), "65 dimensions"},
		{"import", text("__import__('os').system('id')"), "Python dict"},
		{"import in a value", text("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (6,)}"), "Python dict"},
		{"expression", text(dict("'|u1'", "False", "(2*3,)")), "want ,"},
		{"no dict", text("('|u1', False, (2, 3))"), "Python dict"},
		{"empty dict", text("{}"), "has no"},
		{"no shape", text("{'descr': '|u1', 'fortran_order': False}"), "has no shape"},
		{"no descr", text("{'fortran_order': False, 'shape': (6,)}"), "has no descr"},
		{"no order", text("{'descr': '|u1', 'shape': (6,)}"), "has no fortran_order"},
		{"another key", text("{'descr': '|u1', 'fortran_order': False, 'shape': (6,), 'x': 'y'}"), "unknown key"},
		{"a key twice", text("{'descr': '|u1', 'fortran_order': False, 'shape': (6,), 'shape': (6,)}"), "twice"},
		{"a key of a number", text("{1: '|u1'}"), "want a string"},
		{"no colon", text("{'descr' '|u1'}"), "want :"},
		{"no comma", text("{'descr': '|u1' 'shape': (6,)}"), "want , or }"},
		{"not closed", text("{'descr': '|u1', 'fortran_order': False, 'shape': (6,)"), "the end"},
		{"string not closed", text("{'descr: "), "not closed"},
		{"escape", text(dict(`'\x7cu1'`, "False", "(6,)")), "escapes"},
		{"something behind", text(dict("'|u1'", "False", "(6,)") + "; import os"), "want the end"},
		{"not text", text("{'descr': '\xff'}"), "not text"},
		{"NUL", text("\x00" + dict("'|u1'", "False", "(6,)")), "Python dict"},
		{"one byte short", good[:len(good)-1], "has 5 bytes of data"},
		{"one byte more", append(slices.Clone(good), 0), "has 7 bytes of data"},
		{"a scalar of 6 bytes", text(dict("'|u1'", "False", "()")), "says 1"},
	}
	for _, tt := range tests {
		_, err := readNPY(bytes.NewReader(tt.file), int64(len(tt.file)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}

func TestNPYIntegers(t *testing.T) {
	tests := []struct {
		descr string
		data  []byte
		want  []int64
	}{
		{"|u1", []byte{0, 255}, []int64{0, 255}},
		{"|i1", []byte{1, 255}, []int64{1, -1}},
		{"<u2", []byte{1, 2}, []int64{0x201}},
		{"<i2", []byte{0xfe, 0xff}, []int64{-2}},
		{"<u4", []byte{0, 0, 0, 0x80}, []int64{1 << 31}},
		{"<i4", []byte{0, 0, 0, 0x80}, []int64{-1 << 31}},
		{"<i8", bytes.Repeat([]byte{255}, 8), []int64{-1}},
		{"<u8", []byte{9, 0, 0, 0, 0, 0, 0, 0}, []int64{9}},
	}
	write := func(h NPYHeader, data []byte) *NPY {
		path := filepath.Join(t.TempDir(), "a.npy")
		var buf bytes.Buffer
		if err := WriteNPY(&buf, h, data); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		n, err := OpenNPY(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	for _, tt := range tests {
		got, err := write(NPYHeader{tt.descr, []int{len(tt.want)}}, tt.data).Integers(len(tt.want))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s %v = %v, %v, want %v", tt.descr, tt.data, got, err, tt.want)
		}
	}
	refused := []struct {
		n    *NPY
		want string
	}{
		{write(NPYHeader{"<f4", []int{1}}, make([]byte, 4)), "not integers"},
		{write(NPYHeader{"|b1", []int{1}}, make([]byte, 1)), "not integers"},
		{write(NPYHeader{"<u8", []int{1}}, bytes.Repeat([]byte{255}, 8)), "beyond"},
		{write(NPYHeader{"|u1", []int{2, 2}}, make([]byte, 4)), "more than the 3"},
	}
	for _, r := range refused {
		var e *Error
		if _, err := r.n.Integers(3); !errors.As(err, &e) || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: got %v, want %q", r.n.Descr, err, r.want)
		}
	}
}

func TestOpenNPYPaths(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		path string
		kind Kind
	}{
		{filepath.Join(dir, "none.npy"), Missing},
		{dir, Invalid},
	}
	for _, tt := range tests {
		_, err := OpenNPY(tt.path)
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Path != tt.path {
			t.Errorf("OpenNPY(%s) = %v, want %v", tt.path, err, tt.kind)
		}
	}
}

// FuzzNPY: a file is refused, or its data can be read in full and written back.
func FuzzNPY(f *testing.F) {
	for _, g := range npyGoldens {
		head, err := g.h.Encode()
		if err != nil {
			f.Fatal(err)
		}
		size, _ := g.h.bytes()
		f.Add(append(head, make([]byte, min(size, 64))...))
	}
	f.Add(append(header(2, 0, dict("'|u1'", "True", "(1,)")), 7))
	f.Add(append(header(3, 0, dict(`"<i2"`, "False", "(1, 1)")), 7, 7))
	f.Fuzz(func(t *testing.T, file []byte) {
		n, err := readNPY(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		size, err := n.bytes()
		if err != nil || n.offset+size != int64(len(file)) {
			t.Fatalf("accepted %v: %d bytes of data from %d in a file of %d, %v", n.NPYHeader, size, n.offset, len(file), err)
		}
		if len(n.Shape) > 0 && n.rowBytes() > 0 {
			if err := n.ReadRows(make([]byte, size), 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := n.Encode(); err != nil {
			t.Fatalf("%v was read and cannot be written: %v", n.NPYHeader, err)
		}
	})
}
