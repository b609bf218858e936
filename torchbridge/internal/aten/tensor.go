package aten

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"slices"
	"unsafe"
)

// ints passes a Go slice as an array and its length.
func ints(v []int64) (*C.int64_t, C.int64_t) {
	if len(v) == 0 {
		return nil, 0
	}
	return (*C.int64_t)(unsafe.Pointer(&v[0])), C.int64_t(len(v))
}

func pair(op string, v []int64) *C.int64_t {
	if len(v) != 2 {
		panic(&Error{Op: op, Msg: "a size must have two numbers, height and width"})
	}
	return (*C.int64_t)(unsafe.Pointer(&v[0]))
}

// pointers collects the C pointers of operands. The array holds C pointers only, so it may be passed to C.
func pointers(op string, ts []T) (*C.tb_tensor, C.int64_t) {
	if len(ts) == 0 {
		return nil, 0
	}
	out := make([]C.tb_tensor, len(ts))
	for i, t := range ts {
		out[i] = must(op, t)
	}
	return &out[0], C.int64_t(len(out))
}

// Empty returns an uninitialised tensor.
func Empty(shape []int64, dtype int8) T {
	s, n := ints(shape)
	return one("empty", C.tb_empty(s, n, C.int(dtype)))
}

// Full returns a tensor of one value.
func Full(shape []int64, value float64, dtype int8) T {
	s, n := ints(shape)
	return one("full", C.tb_full(s, n, C.double(value), C.int(dtype)))
}

// Rand returns float32 values drawn uniformly from [0, 1).
func Rand(shape []int64) T {
	s, n := ints(shape)
	return one("rand", C.tb_rand(s, n))
}

// RandN returns float32 values drawn from N(0, 1).
func RandN(shape []int64) T {
	s, n := ints(shape)
	return one("randn", C.tb_randn(s, n))
}

// Arange returns begin, begin+step, … below end, as float32.
func Arange(begin, end, step float64) T {
	return one("arange", C.tb_arange(C.double(begin), C.double(end), C.double(step)))
}

// Linspace returns steps values from begin to end, both included, as float32.
func Linspace(begin, end float64, steps int64) T {
	return one("linspace", C.tb_linspace(C.double(begin), C.double(end), C.int64_t(steps)))
}

// Logspace returns base to the power of each value of Linspace.
func Logspace(begin, end float64, steps int64, base float64) T {
	return one("logspace", C.tb_logspace(C.double(begin), C.double(end), C.int64_t(steps), C.double(base)))
}

// Eye returns an n×m matrix with ones on its diagonal.
func Eye(n, m int64) T { return one("eye", C.tb_eye(C.int64_t(n), C.int64_t(m))) }

// CopyOf returns a tensor that holds a copy of memory in C order. data may be nil where the shape has no element.
func CopyOf(data unsafe.Pointer, shape []int64, dtype int8) T {
	s, n := ints(shape)
	return one("from_blob", C.tb_copy_of((*C.char)(data), s, n, C.int(dtype)))
}

// Dim returns the number of dimensions.
func Dim(a T) int64 { return int64(C.tb_dim(must("dim", a))) }

// Shape returns the sizes of all dimensions.
func Shape(a T) []int64 {
	shape := make([]int64, Dim(a))
	s, _ := ints(shape)
	C.tb_shape(p(a), s)
	return shape
}

// Dtype returns c10::ScalarType's number.
func Dtype(a T) int8 { return int8(C.tb_dtype(must("dtype", a))) }

// Numel returns the number of elements.
func Numel(a T) int64 { return int64(C.tb_numel(must("numel", a))) }

// ElementSize returns the bytes of one element.
func ElementSize(a T) int64 { return int64(C.tb_element_size(must("element_size", a))) }

// RequiresGrad tells whether autograd records operations on a.
func RequiresGrad(a T) bool { return bool(C.tb_requires_grad(must("requires_grad", a))) }

// IsChannelsLast tells whether a, of shape NCHW, lies in memory as NHWC.
func IsChannelsLast(a T) bool { return bool(C.tb_is_channels_last(must("is_contiguous", a))) }

// Data returns the memory of a contiguous CPU tensor.
func Data(a T) unsafe.Pointer {
	var out unsafe.Pointer
	done("data", C.tb_data(must("data", a), &out), a)
	return out
}

// CopyOut copies a's elements, in C order whatever its strides, to dst.
func CopyOut(a T, dst unsafe.Pointer, bytes int) {
	done("copy_out", C.tb_copy_out(must("copy_out", a), (*C.char)(dst), C.int64_t(bytes)), a)
}

// CopyIn copies elements in C order into a, whatever a's strides.
func CopyIn(a T, src unsafe.Pointer, bytes int) {
	done("copy_in", C.tb_copy_in(must("copy_in", a), (*C.char)(src), C.int64_t(bytes)), a)
}

// Item returns the only element of a: as a float64 for floating types, else as an int64 (booleans as 0 and 1).
func Item(a T) (real float64, integer int64) {
	var f C.double
	var i C.int64_t
	done("item", C.tb_item(must("item", a), &f, &i), a)
	return float64(f), int64(i)
}

// String prints a as libtorch does.
func String(a T) string {
	var text *C.char
	done("print", C.tb_string(must("print", a), &text), a)
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text)
}

// Backward computes the gradients of a scalar.
func Backward(a T) { done("backward", C.tb_backward(must("backward", a)), a) }

// GradientOf returns the gradient of the scalar a with respect to input.
func GradientOf(a, input T) T {
	return one("grad", C.tb_gradient_of(must("grad", a), must("grad", input)), a, input)
}

// SetRequiresGrad tells autograd to record operations on the leaf a, or not to.
func SetRequiresGrad(a T, on bool) {
	done("requires_grad", C.tb_set_requires_grad(must("requires_grad", a), C.bool(on)), a)
}

// SetData makes a share b's memory.
func SetData(a, b T) { done("set_data", C.tb_set_data(must("set_data", a), must("set_data", b)), a, b) }

// Grad returns a's gradient, nil where there is none.
func Grad(a T) T { return one("grad", C.tb_grad(must("grad", a)), a) }

// Detach returns a handle on a's memory that autograd does not follow.
func Detach(a T) T { return one("detach", C.tb_detach(must("detach", a)), a) }

// ZeroGrad drops the gradients of parameters.
func ZeroGrad(params []T) {
	ps, n := pointers("zero_grad", params)
	done("zero_grad", C.tb_zero_grad(ps, n), params...)
}

// FusedSGD updates parameters in place by one step of SGD with momentum; the learning rate is a 0-dim tensor. momenta
// has a tensor for each parameter, zero before the first step.
func FusedSGD(params, momenta []T, lr T, weightDecay, momentum, dampening float64, nesterov bool) {
	ps, n := pointers("sgd", params)
	ms, _ := pointers("sgd", momenta)
	done("sgd", C.tb_fused_sgd(ps, ms, n, must("sgd", lr), C.double(weightDecay), C.double(momentum),
		C.double(dampening), C.bool(nesterov)), params...)
}

// ClipGradNorm scales the gradients of parameters so that their common norm is at most so much.
func ClipGradNorm(params []T, most float64) {
	ps, n := pointers("clip_grad_norm", params)
	done("clip_grad_norm", C.tb_clip_grad_norm(ps, n, C.double(most)), params...)
}

// Lerp moves each target by weight of the way to its source, in place.
func Lerp(targets, sources []T, weight float64) {
	ts, n := pointers("lerp_", targets)
	ss, _ := pointers("lerp_", sources)
	done("lerp_", C.tb_lerp_(ts, ss, n, C.double(weight)), append(slices.Clone(targets), sources...)...)
}

// CopyAll copies each source into its target, converting.
func CopyAll(targets, sources []T) {
	ts, n := pointers("copy_all_", targets)
	ss, _ := pointers("copy_all_", sources)
	done("copy_all_", C.tb_copy_all_(ts, ss, n), append(slices.Clone(targets), sources...)...)
}

// MoveGradients makes memory the gradients of params, with those of leaves in it or added to it, and leaves none to leaves.
func MoveGradients(leaves, params, memory []T, add bool) {
	ls, n := pointers("move_gradients", leaves)
	ps, _ := pointers("move_gradients", params)
	ms, _ := pointers("move_gradients", memory)
	done("move_gradients", C.tb_move_gradients(ls, ps, ms, n, C.bool(add)), slices.Concat(leaves, params, memory)...)
}

// PartLike returns the elements of flat from offset on in a's shape and strides.
func PartLike(flat T, offset int64, a T) T {
	return one("part_like", C.tb_part_like(must("part_like", flat), C.int64_t(offset), must("part_like", a)), flat, a)
}

// Fill sets every element of a.
func Fill(a T, value float64) { done("fill_", C.tb_fill_(must("fill_", a), C.double(value)), a) }

// Normal fills a with draws from N(mean, std²).
func Normal(a T, mean, std float64) {
	done("normal_", C.tb_normal_(must("normal_", a), C.double(mean), C.double(std)), a)
}

// Uniform fills a with draws from [low, high).
func Uniform(a T, low, high float64) {
	done("uniform_", C.tb_uniform_(must("uniform_", a), C.double(low), C.double(high)), a)
}

// Copy copies b's elements into a, converting and broadcasting. Not blocking, a copy between pinned memory and a CUDA
// device is only queued.
func Copy(a, b T, nonBlocking bool) {
	done("copy_", C.tb_copy_(must("copy_", a), must("copy_", b), C.bool(nonBlocking)), a, b)
}
