package aten

// #include "bridge.h"
import "C"

// Add returns a + alpha·b.
func Add(a, b T, alpha float64) T {
	return one("add", C.tb_add(must("add", a), must("add", b), C.double(alpha)), a, b)
}

// Sub returns a − alpha·b.
func Sub(a, b T, alpha float64) T {
	return one("sub", C.tb_sub(must("sub", a), must("sub", b), C.double(alpha)), a, b)
}

// Mul returns a·b.
func Mul(a, b T) T { return one("mul", C.tb_mul(must("mul", a), must("mul", b)), a, b) }

// Div returns a/b.
func Div(a, b T) T { return one("div", C.tb_div(must("div", a), must("div", b)), a, b) }

// AddI adds alpha·b to a in place.
func AddI(a, b T, alpha float64) T {
	return one("add_", C.tb_add_(must("add_", a), must("add_", b), C.double(alpha)), a, b)
}

// SubI subtracts alpha·b from a in place.
func SubI(a, b T, alpha float64) T {
	return one("sub_", C.tb_sub_(must("sub_", a), must("sub_", b), C.double(alpha)), a, b)
}

// MulI multiplies a by b in place.
func MulI(a, b T) T { return one("mul_", C.tb_mul_(must("mul_", a), must("mul_", b)), a, b) }

// DivI divides a by b in place.
func DivI(a, b T) T { return one("div_", C.tb_div_(must("div_", a), must("div_", b)), a, b) }

// AddScalar returns a + b.
func AddScalar(a T, b float64) T {
	return one("add", C.tb_add_scalar(must("add", a), C.double(b)), a)
}

// MulScalar returns a·b.
func MulScalar(a T, b float64) T {
	return one("mul", C.tb_mul_scalar(must("mul", a), C.double(b)), a)
}

// MM returns the product of two matrices.
func MM(a, b T) T { return one("mm", C.tb_mm(must("mm", a), must("mm", b)), a, b) }

// Sign returns −1, 0 or 1.
func Sign(a T) T { return one("sign", C.tb_sign(must("sign", a)), a) }

// Relu returns max(a, 0).
func Relu(a T) T { return one("relu", C.tb_relu(must("relu", a)), a) }

// ReluI applies max(a, 0) in place.
func ReluI(a T) T { return one("relu_", C.tb_relu_(must("relu_", a)), a) }

// LeakyRelu returns a where a > 0, else slope·a.
func LeakyRelu(a T, slope float64) T {
	return one("leaky_relu", C.tb_leaky_relu(must("leaky_relu", a), C.double(slope)), a)
}

// Sigmoid returns 1/(1+e⁻ᵃ).
func Sigmoid(a T) T { return one("sigmoid", C.tb_sigmoid(must("sigmoid", a)), a) }

// Tanh returns the hyperbolic tangent.
func Tanh(a T) T { return one("tanh", C.tb_tanh(must("tanh", a)), a) }

// Log returns the natural logarithm.
func Log(a T) T { return one("log", C.tb_log(must("log", a)), a) }

// XLogY returns a·log b, and 0 where a is 0.
func XLogY(a, b T) T { return one("xlogy", C.tb_xlogy(must("xlogy", a), must("xlogy", b)), a, b) }

// Clamp limits every element to [low, high].
func Clamp(a T, low, high float64) T {
	return one("clamp", C.tb_clamp(must("clamp", a), C.double(low), C.double(high)), a)
}

// Softmax returns e^a normalised to sum 1 along dim.
func Softmax(a T, dim int64) T {
	return one("softmax", C.tb_softmax(must("softmax", a), C.int64_t(dim)), a)
}

// LogSoftmax returns the logarithm of Softmax.
func LogSoftmax(a T, dim int64) T {
	return one("log_softmax", C.tb_log_softmax(must("log_softmax", a), C.int64_t(dim)), a)
}

// Sum returns the sum of all elements.
func Sum(a T) T { return one("sum", C.tb_sum(must("sum", a)), a) }

// SumDim returns the sums along dim.
func SumDim(a T, dim int64, keep bool) T {
	return one("sum", C.tb_sum_dim(must("sum", a), C.int64_t(dim), C.bool(keep)), a)
}

// Mean returns the mean of all elements.
func Mean(a T) T { return one("mean", C.tb_mean(must("mean", a)), a) }

// MeanDims returns the means along dims.
func MeanDims(a T, dims []int64, keep bool) T {
	d, n := ints(dims)
	return one("mean", C.tb_mean_dims(must("mean", a), d, n, C.bool(keep)), a)
}

// Eq returns a boolean tensor that tells where a equals b.
func Eq(a, b T) T { return one("eq", C.tb_eq(must("eq", a), must("eq", b)), a, b) }

// Ne returns a boolean tensor that tells where a differs from b.
func Ne(a, b T) T { return one("ne", C.tb_ne(must("ne", a), must("ne", b)), a, b) }

// Equal tells whether two tensors have the same shape and elements.
func Equal(a, b T) bool {
	var out C.bool
	done("equal", C.tb_equal(must("equal", a), must("equal", b), &out), a, b)
	return bool(out)
}

// AllClose tells whether |a − b| ≤ 1e-8 + 1e-5·|b| everywhere.
func AllClose(a, b T) bool {
	var out C.bool
	done("allclose", C.tb_allclose(must("allclose", a), must("allclose", b), &out), a, b)
	return bool(out)
}

// Argmax returns the index of the largest of all elements.
func Argmax(a T) T { return one("argmax", C.tb_argmax(must("argmax", a)), a) }

// Argmin returns the index of the smallest of all elements.
func Argmin(a T) T { return one("argmin", C.tb_argmin(must("argmin", a)), a) }

// ArgmaxDim returns the indices of the largest elements along dim.
func ArgmaxDim(a T, dim int64, keep bool) T {
	return one("argmax", C.tb_argmax_dim(must("argmax", a), C.int64_t(dim), C.bool(keep)), a)
}

// ArgminDim returns the indices of the smallest elements along dim.
func ArgminDim(a T, dim int64, keep bool) T {
	return one("argmin", C.tb_argmin_dim(must("argmin", a), C.int64_t(dim), C.bool(keep)), a)
}

// TopK returns the k largest (or smallest) elements along dim and their indices.
func TopK(a T, k, dim int64, largest, sorted bool) (T, T) {
	return two("topk", C.tb_topk(must("topk", a), C.int64_t(k), C.int64_t(dim), C.bool(largest), C.bool(sorted)), a)
}

// View returns a in another shape, sharing its memory.
func View(a T, shape []int64) T {
	s, n := ints(shape)
	return one("view", C.tb_view(must("view", a), s, n), a)
}

// Flatten joins the dimensions from start to end.
func Flatten(a T, start, end int64) T {
	return one("flatten", C.tb_flatten(must("flatten", a), C.int64_t(start), C.int64_t(end)), a)
}

// Permute reorders the dimensions, sharing memory.
func Permute(a T, dims []int64) T {
	d, n := ints(dims)
	return one("permute", C.tb_permute(must("permute", a), d, n), a)
}

// Transpose swaps two dimensions, sharing memory.
func Transpose(a T, dim0, dim1 int64) T {
	return one("transpose", C.tb_transpose(must("transpose", a), C.int64_t(dim0), C.int64_t(dim1)), a)
}

// Squeeze drops all dimensions of size 1.
func Squeeze(a T) T { return one("squeeze", C.tb_squeeze(must("squeeze", a)), a) }

// SqueezeDim drops dim if its size is 1.
func SqueezeDim(a T, dim int64) T {
	return one("squeeze", C.tb_squeeze_dim(must("squeeze", a), C.int64_t(dim)), a)
}

// Stack joins tensors of one shape along a new dimension.
func Stack(ts []T, dim int64) T {
	ps, n := pointers("stack", ts)
	return one("stack", C.tb_stack(ps, n, C.int64_t(dim)), ts...)
}

// Cat joins tensors along a dimension.
func Cat(ts []T, dim int64) T {
	ps, n := pointers("cat", ts)
	return one("cat", C.tb_cat(ps, n, C.int64_t(dim)), ts...)
}

// Slice returns the elements start, start+step, … below end of dim, sharing memory.
func Slice(a T, dim, start, end, step int64) T {
	return one("slice", C.tb_slice(must("slice", a), C.int64_t(dim), C.int64_t(start), C.int64_t(end), C.int64_t(step)), a)
}

// Pad adds zeros; pads names (before, after) of the last dimension, then of the one before it, and so on.
func Pad(a T, pads []int64) T {
	v, n := ints(pads)
	return one("pad", C.tb_pad(must("pad", a), v, n), a)
}

// ReflectionPad2d mirrors the rows and columns beside an image's border; pads are left, right, top and bottom.
func ReflectionPad2d(a T, pads []int64) T {
	const op = "reflection_pad2d"
	if len(pads) != 4 {
		panic(&Error{Op: op, Msg: "four numbers are needed: left, right, top and bottom"})
	}
	v, _ := ints(pads)
	return one(op, C.tb_reflection_pad2d(must(op, a), v), a)
}

// IndexSelect returns the entries of dim that index names.
func IndexSelect(a T, dim int64, index T) T {
	return one("index_select", C.tb_index_select(must("index_select", a), C.int64_t(dim), must("index_select", index)), a, index)
}

// ExpandAs repeats a without copying so that it has b's shape.
func ExpandAs(a, b T) T {
	return one("expand_as", C.tb_expand_as(must("expand_as", a), must("expand_as", b)), a, b)
}

// ToDtype converts a; a tensor that has the dtype already shares its memory.
func ToDtype(a T, dtype int8) T {
	return one("to", C.tb_to_dtype(must("to", a), C.int(dtype)), a)
}

// Contiguous returns a in C order, or as NHWC in memory; a tensor that lies so already shares its memory.
func Contiguous(a T, channelsLast bool) T {
	return one("contiguous", C.tb_contiguous(must("contiguous", a), C.bool(channelsLast)), a)
}
