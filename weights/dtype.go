package weights

import "math/bits"

// DType is the type of a tensor's elements. The zero value is no type.
type DType uint8

// The element types of safetensors (its Dtype enumeration, safetensors/src/tensor.rs),
// in that enumeration's order, which is the order of alignment: the writer lays
// tensors out from the last to the first.
const (
	Bool DType = iota + 1
	F4
	F6E2M3
	F6E3M2
	U8
	I8
	F8E5M2
	F8E4M3
	F8E8M0
	F8E4M3FNUZ
	F8E5M2FNUZ
	I16
	U16
	F16
	BF16
	I32
	U32
	F32
	C64
	F64
	I64
	U64
)

var dtypes = [...]struct {
	name string
	bits int
}{
	Bool: {"BOOL", 8}, F4: {"F4", 4}, F6E2M3: {"F6_E2M3", 6}, F6E3M2: {"F6_E3M2", 6},
	U8: {"U8", 8}, I8: {"I8", 8}, F8E5M2: {"F8_E5M2", 8}, F8E4M3: {"F8_E4M3", 8},
	F8E8M0: {"F8_E8M0", 8}, F8E4M3FNUZ: {"F8_E4M3FNUZ", 8}, F8E5M2FNUZ: {"F8_E5M2FNUZ", 8},
	I16: {"I16", 16}, U16: {"U16", 16}, F16: {"F16", 16}, BF16: {"BF16", 16},
	I32: {"I32", 32}, U32: {"U32", 32}, F32: {"F32", 32},
	C64: {"C64", 64}, F64: {"F64", 64}, I64: {"I64", 64}, U64: {"U64", 64},
}

var dtypeByName = func() map[string]DType {
	m := make(map[string]DType, len(dtypes))
	for d := Bool; int(d) < len(dtypes); d++ {
		m[dtypes[d].name] = d
	}
	return m
}()

// ParseDType finds the type that safetensors calls name, for example "F32". The
// names are case-sensitive. ok is false when there is none.
func ParseDType(name string) (d DType, ok bool) {
	d, ok = dtypeByName[name]
	return d, ok
}

// String is the name that safetensors gives the type, for example "F32".
func (d DType) String() string {
	if !d.valid() {
		return "no type"
	}
	return dtypes[d].name
}

// Bits is the width of one element in bits; 0 for a value that is no type.
func (d DType) Bits() int {
	if !d.valid() {
		return 0
	}
	return dtypes[d].bits
}

// Size is the width of one element in bytes, rounded up: the packed types F4 and
// F6 share bytes, so their tensors' lengths follow from Bits.
func (d DType) Size() int { return (d.Bits() + 7) / 8 }

func (d DType) valid() bool { return d >= Bool && int(d) < len(dtypes) }

// elements is the product of a shape's sizes; ok is false when a size is negative
// or the product does not fit an int64.
func elements(shape []int64) (n int64, ok bool) {
	n = 1
	for _, s := range shape {
		if s < 0 {
			return 0, false
		}
		if n, ok = mul(n, s); !ok {
			return 0, false
		}
	}
	return n, true
}

// byteLength is the number of bytes that a dense tensor of this type and shape
// occupies; ok is false on overflow and when the bits do not fill whole bytes.
func byteLength(d DType, shape []int64) (n int64, ok bool) {
	n, ok = elements(shape)
	if !ok {
		return 0, false
	}
	n, ok = mul(n, int64(d.Bits()))
	return n / 8, ok && n%8 == 0
}

// mul multiplies two non-negative numbers; ok is false when the product does not
// fit an int64.
func mul(a, b int64) (product int64, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(lo), hi == 0 && lo <= 1<<63-1
}
