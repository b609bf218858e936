package gotorch

import (
	"fmt"

	"github.com/wangkuiyi/gotorch/internal/aten"
)

// View returns a in another shape, sharing its memory.
func View(a Tensor, shape ...int64) Tensor { return Tensor{aten.View(a.T, shape)} }

// View returns a in another shape, sharing its memory.
func (a Tensor) View(shape ...int64) Tensor { return View(a, shape...) }

// Flatten joins the dimensions from startDim to endDim.
func Flatten(a Tensor, startDim, endDim int64) Tensor {
	return Tensor{aten.Flatten(a.T, startDim, endDim)}
}

// Permute reorders the dimensions, sharing memory.
func (a *Tensor) Permute(dims []int64) Tensor { return Tensor{aten.Permute(a.T, dims)} }

// Transpose swaps two dimensions, sharing memory.
func Transpose(a Tensor, dim0, dim1 int64) Tensor { return Tensor{aten.Transpose(a.T, dim0, dim1)} }

// Transpose swaps two dimensions, sharing memory.
func (a Tensor) Transpose(dim0, dim1 int64) Tensor { return Transpose(a, dim0, dim1) }

// Squeeze drops all dimensions of size 1, or only the one named.
func Squeeze(t Tensor, dim ...int64) Tensor {
	switch len(dim) {
	case 0:
		return Tensor{aten.Squeeze(t.T)}
	case 1:
		return Tensor{aten.SqueezeDim(t.T, dim[0])}
	default:
		panic(&Error{Op: "squeeze", Msg: "at most one dimension"})
	}
}

// Squeeze drops all dimensions of size 1, or only the one named.
func (a Tensor) Squeeze(dim ...int64) Tensor { return Squeeze(a, dim...) }

// Stack joins tensors of one shape along a new dimension.
func Stack(tensors []Tensor, dim int64) Tensor { return Tensor{aten.Stack(handles(tensors), dim)} }

// Cat joins tensors along a dimension.
func Cat(tensors []Tensor, dim int64) Tensor { return Tensor{aten.Cat(handles(tensors), dim)} }

// Slice returns the elements start, start+step, … below end of dim, sharing memory.
func (a Tensor) Slice(dim, start, end, step int64) Tensor {
	return Tensor{aten.Slice(a.T, dim, start, end, step)}
}

// Index returns the element at an index, one number from 0 on for each dimension, as a 0-dim tensor that shares memory. It
// panics with an *Error for an element that is not there.
func (a Tensor) Index(index ...int64) Tensor {
	if got := a.Dim(); got != int64(len(index)) {
		panic(&Error{Op: "index", Msg: fmt.Sprintf("%d numbers for %d dimensions", len(index), got)})
	}
	for dim, i := range index {
		a = a.Slice(int64(dim), i, i+1, 1)
	}
	return a.View()
}

// Pad adds zeros; pads names (before, after) of the last dimension, then of the one before it, and so on.
func (a Tensor) Pad(pads ...int64) Tensor { return Tensor{aten.Pad(a.T, pads)} }

// IndexSelect returns the entries of dim that index names.
func IndexSelect(a Tensor, dim int64, index Tensor) Tensor {
	return Tensor{aten.IndexSelect(a.T, dim, index.T)}
}

// IndexSelect returns the entries of dim that index names.
func (a Tensor) IndexSelect(dim int64, index Tensor) Tensor { return IndexSelect(a, dim, index) }

// ExpandAs repeats a without copying so that it has other's shape.
func ExpandAs(a, other Tensor) Tensor { return Tensor{aten.ExpandAs(a.T, other.T)} }

// ExpandAs repeats a without copying so that it has other's shape.
func (a Tensor) ExpandAs(other Tensor) Tensor { return ExpandAs(a, other) }

func handles(tensors []Tensor) []aten.T {
	out := make([]aten.T, len(tensors))
	for i, t := range tensors {
		out[i] = t.T
	}
	return out
}

// PartLike returns the elements of the flat tensor a from offset on, on the same memory, with b's shape and order in memory.
// It panics with an *Error where there are too few, or where b has gaps.
func (a Tensor) PartLike(offset int64, b Tensor) Tensor {
	return Tensor{aten.PartLike(a.T, offset, b.T)}
}
