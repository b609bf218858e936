package weights

import (
	"math"
	"strings"
	"testing"
)

func TestDTypes(t *testing.T) {
	for _, c := range []struct {
		d    DType
		name string
		size int
	}{
		{Bool, "BOOL", 1}, {F4, "F4", 1}, {U8, "U8", 1}, {I16, "I16", 2}, {BF16, "BF16", 2}, {F32, "F32", 4}, {F64, "F64", 8}, {U64, "U64", 8},
		{0, "no type", 0}, {U64 + 1, "no type", 0},
	} {
		if c.d.String() != c.name || c.d.Size() != c.size {
			t.Errorf("%d: got %v, %d bytes, want %s, %d", c.d, c.d, c.d.Size(), c.name, c.size)
		}
		if d, ok := ParseDType(c.name); ok != c.d.valid() || ok && d != c.d {
			t.Errorf("ParseDType(%q): got %v, %v", c.name, d, ok)
		}
	}
	if len(dtypeByName) != 22 {
		t.Errorf("got %d types, want the format's 22", len(dtypeByName))
	}
}

func TestByteLength(t *testing.T) {
	for _, c := range []struct {
		d     DType
		shape []int64
		want  int64
		ok    bool
	}{
		{F32, nil, 4, true},
		{F32, []int64{2, 3}, 24, true},
		{F32, []int64{2, 0}, 0, true},
		{F4, []int64{2}, 1, true},
		{F4, []int64{3}, 0, false},
		{F6E2M3, []int64{4}, 3, true},
		{F32, []int64{-1}, 0, false},
		{F32, []int64{0, -1}, 0, false},
		{U8, []int64{1 << 62}, 0, false}, // its bits overflow
		{U8, []int64{1 << 59}, 1 << 59, true},
		{U8, []int64{1 << 32, 1 << 32}, 0, false},
		{F64, []int64{math.MaxInt64, 2, 0}, 0, false}, // no matter that it ends in 0
	} {
		got, ok := byteLength(c.d, c.shape)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%v%v: got %d, %v, want %d, %v", c.d, c.shape, got, ok, c.want, c.ok)
		}
	}
}

// TestDigest pins the definition by a value computed apart from it, in Python:
//
//	u = lambda n: struct.pack("<Q", n)
//	one = lambda n, d, s, b: u(len(n))+n+u(len(d))+d+u(len(s))+b"".join(map(u,s))+u(len(b))+b
//	hashlib.sha256(one(b"a", b"U8", [], b"\7") + one(b"b", b"U8", [2], b"\1\2")).hexdigest()
func TestDigest(t *testing.T) {
	const want = "5a420b924ec8d8a0c62ac0ee527d499f028b5f57c695ccb6e3abfeb76e11cd3e"
	a := Tensor{"a", U8, nil, []byte{7}}
	b := Tensor{"b", U8, []int64{2}, []byte{1, 2}}
	for _, order := range [][]Tensor{{a, b}, {b, a}} {
		if got := Digest(order); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, other := range []Tensor{
		{"c", U8, []int64{2}, []byte{1, 2}},
		{"b", I8, []int64{2}, []byte{1, 2}},
		{"b", U8, []int64{2, 1}, []byte{1, 2}},
		{"b", U8, []int64{2}, []byte{1, 3}},
	} {
		if Digest([]Tensor{a, other}) == want {
			t.Errorf("%v has the digest of %v", other, b)
		}
	}
}

func TestFloat32(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		d    DType
		data []byte
		want float32
	}{
		{F32, []byte{0, 0, 0x20, 0xc0}, -2.5},
		{F64, []byte{0, 0, 0, 0, 0, 0, 4, 0xc0}, -2.5},
		{BF16, []byte{0x20, 0xc0}, -2.5},
		{F16, []byte{0x00, 0xc1}, -2.5},
		{F16, []byte{0x01, 0x00}, 1.0 / (1 << 24)},     // the least subnormal
		{F16, []byte{0xff, 0x83}, -1023.0 / (1 << 24)}, // the greatest, negative
		{F16, []byte{0x00, 0x04}, 1.0 / (1 << 14)},     // the least normal
		{F16, []byte{0xff, 0x7b}, 65504},
		{F16, []byte{0x00, 0x7c}, inf},
		{F16, []byte{0x00, 0xfc}, -inf},
		{F16, []byte{0x00, 0x80}, float32(math.Copysign(0, -1))},
	} {
		got, err := Tensor{"x", c.d, []int64{1}, c.data}.Float32()
		if err != nil || len(got) != 1 || math.Float32bits(got[0]) != math.Float32bits(c.want) {
			t.Errorf("%v % x: got %v, %v, want %v", c.d, c.data, got, err, c.want)
		}
	}
	if got := halfToFloat32(0x7e01); got == got {
		t.Errorf("half 0x7e01: got %v, want NaN", got)
	}
	for _, bad := range []Tensor{{"x", I64, []int64{1}, make([]byte, 8)}, {"x", F32, []int64{2}, make([]byte, 4)}, {"x", 0, nil, nil}} {
		if _, err := bad.Float32(); err == nil || !strings.Contains(err.Error(), `"x"`) {
			t.Errorf("%v: got error %v, want one that names the tensor", bad, err)
		}
	}
}
