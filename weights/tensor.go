package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"sort"
)

// Tensor is one named array: its elements in C order (the last axis varies fastest),
// contiguous, little-endian. A nil Shape is a scalar: one element.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64
	Data  []byte
}

// Formats that Read tells apart.
const (
	FormatSafetensors = "safetensors"
	FormatTorchZip    = "pytorch zip"    // torch.save since 1.6
	FormatTorchLegacy = "pytorch legacy" // torch.save before 1.6: stacked pickles
)

// File is what a file of weights holds.
type File struct {
	// Tensors are in the order of the state dict that was written: for safetensors
	// the order of the header's entries (where the data lie is another matter), for
	// PyTorch files the dict's own. Names are as in the file, prefixes included, and
	// no two are the same. Their Data may share one allocation.
	Tensors []Tensor
	// Metadata is a safetensors file's __metadata__. For a PyTorch file it holds the
	// text and numbers that stand beside the state dict ("epoch", "best_prec1"),
	// written as strconv and encoding/json would.
	Metadata map[string]string
	// Format is one of the Format constants.
	Format string
}

// Digest names a set of tensors: the SHA-256, in 64 lower-case hex digits, over each
// tensor's name, type, shape and bytes, the tensors sorted by name. The order, file
// format and metadata do not enter. Before each variable part stands its length, a
// little-endian uint64, so that no two different sets are hashed as the same bytes:
//
//	len(name) name len(dtype) dtype len(shape) shape[0] … shape[n-1] len(data) data
func Digest(tensors []Tensor) string {
	order := make([]int, len(tensors))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return tensors[order[i]].Name < tensors[order[j]].Name })
	h := sha256.New()
	for _, i := range order {
		t := tensors[i]
		hashLength(h, len(t.Name))
		h.Write([]byte(t.Name))
		dtype := t.DType.String()
		hashLength(h, len(dtype))
		h.Write([]byte(dtype))
		hashLength(h, len(t.Shape))
		for _, s := range t.Shape {
			hashLength(h, int(s))
		}
		hashLength(h, len(t.Data))
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashLength(h hash.Hash, n int) {
	var b [8]byte
	le.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

// Float32 gives the elements as float32: F32 as they are, F16 and BF16 exactly, F64
// rounded to nearest. It is an error for any other type, and when Data's length is
// not that of the shape. The result does not share memory with Data.
func (t Tensor) Float32() ([]float32, error) {
	if n, ok := byteLength(t.DType, t.Shape); !ok || n != int64(len(t.Data)) {
		return nil, fmt.Errorf("weights: tensor %q: %d bytes for %v%v", t.Name, len(t.Data), t.DType, t.Shape)
	}
	size := t.DType.Size()
	out := make([]float32, len(t.Data)/max(size, 1))
	switch t.DType {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(t.Data[4*i:]))
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(le.Uint64(t.Data[8*i:])))
		}
	case BF16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(le.Uint16(t.Data[2*i:])) << 16)
		}
	case F16:
		for i := range out {
			out[i] = halfToFloat32(le.Uint16(t.Data[2*i:]))
		}
	default:
		return nil, fmt.Errorf("weights: tensor %q holds %v, which is no floating-point type of a network", t.Name, t.DType)
	}
	return out, nil
}

// halfToFloat32 widens an IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits),
// which is exact; a NaN keeps its sign and payload.
func halfToFloat32(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h) & 0x3ff
	switch exponent {
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	case 0:
		// A subnormal is fraction · 2^-24, a normal number in binary32.
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
