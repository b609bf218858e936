// Package gotorch continues github.com/wangkuiyi/gotorch on libtorch 2.11: tensors, autograd and optimizers for Go. It
// is an independent implementation of that API, under that import path through a replace directive.
//
// One goroutine should own all torch work and stay on its thread: libtorch keeps its modes (autograd, autocast) and the
// bridge its scopes per thread. Open a scope with GC and FinishGC around a training loop, or with Scope around any
// block; weights, inputs and optimizer state belong into a Static scope.
//
// Errors of libtorch are panics of type *Error; Maybe turns them into an error.
package gotorch

import (
	"fmt"
	"unsafe"

	"github.com/wangkuiyi/gotorch/internal/aten"
)

// Data types, numbered as c10::ScalarType.
const (
	Byte int8 = iota
	Char
	Short
	Int
	Long
	Half
	Float
	Double
	ComplexHalf
	ComplexFloat
	ComplexDouble
	Bool
	QInt8
	QUInt8
	QInt32
	BFloat16
)

// Invalid is no data type.
const Invalid = -1

// Tensor is a handle on a libtorch tensor; copies share it. The zero Tensor is undefined, which optional arguments take
// as "not given".
type Tensor struct {
	T *unsafe.Pointer
}

// Error is what every function of this module panics with when libtorch refuses: the operation and libtorch's message.
type Error = aten.Error

// Maybe runs f and returns the *Error that it panicked with, if it did. Other panics pass through.
func Maybe(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// Defined tells whether a is a tensor that is not closed.
func (a Tensor) Defined() bool { return a.T != nil && *a.T != nil }

// Close frees the tensor now. Closing twice does nothing.
func (a Tensor) Close() { aten.Close(a.T) }

// Dim returns the number of dimensions.
func (a Tensor) Dim() int64 { return aten.Dim(a.T) }

// Shape returns the sizes of all dimensions.
func (a Tensor) Shape() []int64 { return aten.Shape(a.T) }

// Dtype returns the data type.
func (a Tensor) Dtype() int8 { return aten.Dtype(a.T) }

// Numel returns the number of elements.
func (a Tensor) Numel() int64 { return aten.Numel(a.T) }

// IsChannelsLast tells whether a, of shape NCHW, lies in memory as NHWC.
func (a Tensor) IsChannelsLast() bool { return aten.IsChannelsLast(a.T) }

// String prints the tensor as libtorch does.
func (a Tensor) String() string { return aten.String(a.T) }

// Print prints the tensor to standard output.
func (a Tensor) Print() { fmt.Println(a) }

// Item returns the only element, in the Go type of its data type.
func (a Tensor) Item() any {
	real, integer := aten.Item(a.T)
	switch a.Dtype() {
	case Bool:
		return integer != 0
	case Byte:
		return uint8(integer)
	case Char:
		return int8(integer)
	case Short:
		return int16(integer)
	case Int:
		return int32(integer)
	case Long:
		return integer
	case Double:
		return real
	default:
		return float32(real)
	}
}

// Float64 returns the only element as a float64.
func (a Tensor) Float64() float64 {
	real, integer := aten.Item(a.T)
	switch a.Dtype() {
	case Half, Float, Double, BFloat16:
		return real
	default:
		return float64(integer)
	}
}

// Bytes returns a copy of the elements in C order, little-endian, whatever the strides.
func (a Tensor) Bytes() []byte {
	out := make([]byte, a.Numel()*aten.ElementSize(a.T))
	if len(out) > 0 {
		aten.CopyOut(a.T, unsafe.Pointer(&out[0]), len(out))
	}
	return out
}

// SetBytes copies elements in C order, little-endian, into the tensor, whatever its strides. It panics with an *Error if
// the number of bytes is not the tensor's.
func (a Tensor) SetBytes(data []byte) {
	aten.CopyIn(a.T, unsafe.Pointer(unsafe.SliceData(data)), len(data))
}

// Float32s returns a copy of the elements of a float32 tensor in C order.
func (a Tensor) Float32s() []float32 {
	a.want(Float)
	out := make([]float32, a.Numel())
	aten.CopyOut(a.T, unsafe.Pointer(unsafe.SliceData(out)), len(out)*4)
	return out
}

// Int64s returns a copy of the elements of an int64 tensor in C order.
func (a Tensor) Int64s() []int64 {
	a.want(Long)
	out := make([]int64, a.Numel())
	aten.CopyOut(a.T, unsafe.Pointer(unsafe.SliceData(out)), len(out)*8)
	return out
}

// MemoryFloat32 returns the memory of a contiguous float32 CPU tensor itself, not a copy. It is valid while the tensor
// lives; the caller keeps readers and writers apart.
func (a Tensor) MemoryFloat32() []float32 {
	a.want(Float)
	return unsafe.Slice((*float32)(aten.Data(a.T)), a.Numel())
}

// MemoryBytes is MemoryFloat32 for uint8 tensors.
func (a Tensor) MemoryBytes() []byte {
	a.want(Byte)
	return unsafe.Slice((*byte)(aten.Data(a.T)), a.Numel())
}

// MemoryInt64 is MemoryFloat32 for int64 tensors.
func (a Tensor) MemoryInt64() []int64 {
	a.want(Long)
	return unsafe.Slice((*int64)(aten.Data(a.T)), a.Numel())
}

func (a Tensor) want(dtype int8) {
	if got := a.Dtype(); got != dtype {
		panic(&Error{Op: "memory", Msg: fmt.Sprintf("the tensor has data type %d, not %d", got, dtype)})
	}
}

// Backward computes the gradients of the scalar a with respect to all leaves that require them.
func (a Tensor) Backward() { aten.Backward(a.T) }

// GradientOf returns the gradient of the scalar a with respect to input, which must require it. Unlike Backward it adds
// to no tensor's gradient and computes none that input does not need.
func (a Tensor) GradientOf(input Tensor) Tensor { return Tensor{aten.GradientOf(a.T, input.T)} }

// Grad returns the gradient; it is undefined where there is none.
func (a Tensor) Grad() Tensor { return Tensor{aten.Grad(a.T)} }

// RequiresGrad tells whether autograd records operations on a.
func (a Tensor) RequiresGrad() bool { return aten.RequiresGrad(a.T) }

// SetRequiresGrad tells autograd to record operations on the leaf a, or not to.
func (a Tensor) SetRequiresGrad(on bool) { aten.SetRequiresGrad(a.T, on) }

// Detach returns a tensor on the same memory that autograd does not follow.
func (a *Tensor) Detach() Tensor { return Tensor{aten.Detach(a.T)} }

// SetData makes a share b's memory.
func (a Tensor) SetData(b Tensor) { aten.SetData(a.T, b.T) }

// Copy copies b's elements into a, converting and broadcasting.
func (a Tensor) Copy(b Tensor) { aten.Copy(a.T, b.T, false) }

// Fill sets every element.
func (a Tensor) Fill(value float64) { aten.Fill(a.T, value) }

// CastTo returns a in another data type.
func (a Tensor) CastTo(dtype int8) Tensor { return Tensor{aten.ToDtype(a.T, dtype)} }

// Contiguous returns a in C order.
func (a Tensor) Contiguous() Tensor { return Tensor{aten.Contiguous(a.T, false)} }

// ChannelsLast returns a, of shape NCHW, as NHWC in memory.
func (a Tensor) ChannelsLast() Tensor { return Tensor{aten.Contiguous(a.T, true)} }
