package gotorch

import (
	"fmt"

	"github.com/wangkuiyi/gotorch/internal/aten"
	"github.com/wangkuiyi/gotorch/variadic"
)

// Add returns a + alpha·other.
func Add(a, other Tensor, alpha float32) Tensor {
	return Tensor{aten.Add(a.T, other.T, float64(alpha))}
}

// Add returns a + alpha·other.
func (a *Tensor) Add(other Tensor, alpha float32) Tensor { return Add(*a, other, alpha) }

// AddI adds alpha·other to a in place.
func (a *Tensor) AddI(other Tensor, alpha float32) Tensor {
	return Tensor{aten.AddI(a.T, other.T, float64(alpha))}
}

// Sub returns a − alpha·other.
func Sub(a, other Tensor, alpha float32) Tensor {
	return Tensor{aten.Sub(a.T, other.T, float64(alpha))}
}

// Sub returns a − alpha·other.
func (a *Tensor) Sub(other Tensor, alpha float32) Tensor { return Sub(*a, other, alpha) }

// SubI subtracts alpha·other from a in place.
func (a *Tensor) SubI(other Tensor, alpha float32) Tensor {
	return Tensor{aten.SubI(a.T, other.T, float64(alpha))}
}

// Mul returns a·other.
func Mul(a, other Tensor) Tensor { return Tensor{aten.Mul(a.T, other.T)} }

// Mul returns a·other.
func (a *Tensor) Mul(other Tensor) Tensor { return Mul(*a, other) }

// MulI multiplies a by other in place.
func (a *Tensor) MulI(other Tensor) Tensor { return Tensor{aten.MulI(a.T, other.T)} }

// Div returns a/other.
func Div(a, other Tensor) Tensor { return Tensor{aten.Div(a.T, other.T)} }

// Div returns a/other.
func (a *Tensor) Div(other Tensor) Tensor { return Div(*a, other) }

// DivI divides a by other in place.
func (a *Tensor) DivI(other Tensor) Tensor { return Tensor{aten.DivI(a.T, other.T)} }

// AddScalar returns a + b.
func (a Tensor) AddScalar(b float64) Tensor { return Tensor{aten.AddScalar(a.T, b)} }

// MulScalar returns a·b.
func (a Tensor) MulScalar(b float64) Tensor { return Tensor{aten.MulScalar(a.T, b)} }

// Lerp moves each of the targets by weight of the way to the source of the same index, in place and without autograd. It
// panics with a *Error where their shapes differ.
func Lerp(targets, sources []Tensor, weight float64) {
	aten.Lerp(handles(targets), handles(sources), weight)
}

// CopyAll copies each of the sources into the target of the same index, converting it to the target's data type, as one
// operation without autograd. It panics with an *Error where their shapes differ.
func CopyAll(targets, sources []Tensor) { aten.CopyAll(handles(targets), handles(sources)) }

// MM returns the product of two matrices.
func MM(a, b Tensor) Tensor { return Tensor{aten.MM(a.T, b.T)} }

// Sign returns −1 where a is negative, 1 where it is positive, else 0.
func (a Tensor) Sign() Tensor { return Tensor{aten.Sign(a.T)} }

// Relu returns max(t, 0).
func Relu(t Tensor) Tensor { return Tensor{aten.Relu(t.T)} }

// Relu returns max(a, 0).
func (a *Tensor) Relu() Tensor { return Relu(*a) }

// LeakyRelu returns t where t > 0, else negativeSlope·t.
func LeakyRelu(t Tensor, negativeSlope float64) Tensor {
	return Tensor{aten.LeakyRelu(t.T, negativeSlope)}
}

// LeakyRelu returns a where a > 0, else negativeSlope·a.
func (a *Tensor) LeakyRelu(negativeSlope float64) Tensor { return LeakyRelu(*a, negativeSlope) }

// Sigmoid returns 1/(1+e⁻ᵗ).
func Sigmoid(t Tensor) Tensor { return Tensor{aten.Sigmoid(t.T)} }

// Sigmoid returns 1/(1+e⁻ᵃ).
func (a Tensor) Sigmoid() Tensor { return Sigmoid(a) }

// Tanh returns the hyperbolic tangent.
func Tanh(t Tensor) Tensor { return Tensor{aten.Tanh(t.T)} }

// Tanh returns the hyperbolic tangent.
func (a Tensor) Tanh() Tensor { return Tanh(a) }

// Log returns the natural logarithm.
func (a Tensor) Log() Tensor { return Tensor{aten.Log(a.T)} }

// XLogY returns a·log other, and 0 where a is 0.
func (a Tensor) XLogY(other Tensor) Tensor { return Tensor{aten.XLogY(a.T, other.T)} }

// Clamp limits every element to [low, high].
func (a Tensor) Clamp(low, high float64) Tensor { return Tensor{aten.Clamp(a.T, low, high)} }

// Softmax returns eᵃ normalised to sum 1 along dim.
func (a Tensor) Softmax(dim int64) Tensor { return Tensor{aten.Softmax(a.T, dim)} }

// LogSoftmax returns the logarithm of the softmax along dim.
func LogSoftmax(t Tensor, dim int64) Tensor { return Tensor{aten.LogSoftmax(t.T, dim)} }

// LogSoftmax returns the logarithm of the softmax along dim.
func (a Tensor) LogSoftmax(dim int64) Tensor { return LogSoftmax(a, dim) }

// Mean returns the mean of all elements.
func Mean(t Tensor) Tensor { return Tensor{aten.Mean(t.T)} }

// Mean returns the mean of all elements.
func (a Tensor) Mean() Tensor { return Mean(a) }

// MeanDims returns the means along dims.
func (a Tensor) MeanDims(keepDim bool, dims ...int64) Tensor {
	return Tensor{aten.MeanDims(a.T, dims, keepDim)}
}

// Sum returns the sum of all elements, or with the options "dim" (int) and "keepDim" (bool) the sums along one.
func Sum(a Tensor, opt ...map[string]any) Tensor {
	if !variadic.Has(opt, "dim") {
		return Tensor{aten.Sum(a.T)}
	}
	dim, ok := variadic.Get(opt, "dim").(int)
	keep, ok2 := variadic.Get(opt, "keepDim", false).(bool)
	if !ok || !ok2 {
		panic(&Error{Op: "sum", Msg: "the option dim is an int, keepDim a bool"})
	}
	return Tensor{aten.SumDim(a.T, int64(dim), keep)}
}

// Sum is the function Sum.
func (a Tensor) Sum(opt ...map[string]any) Tensor { return Sum(a, opt...) }

// Eq returns a boolean tensor that tells where a equals other.
func Eq(a, other Tensor) Tensor { return Tensor{aten.Eq(a.T, other.T)} }

// Eq returns a boolean tensor that tells where a equals other.
func (a Tensor) Eq(other Tensor) Tensor { return Eq(a, other) }

// Ne returns a boolean tensor that tells where a differs from other.
func (a Tensor) Ne(other Tensor) Tensor { return Tensor{aten.Ne(a.T, other.T)} }

// Equal tells whether two tensors have the same shape and elements.
func Equal(a, b Tensor) bool { return aten.Equal(a.T, b.T) }

// AllClose tells whether |a − b| ≤ 1e-8 + 1e-5·|b| everywhere.
func AllClose(a, b Tensor) bool { return aten.AllClose(a.T, b.T) }

// Argmax returns the index of the largest element: of all, or with (dim int, keepDim bool) along one dimension.
func (a Tensor) Argmax(opts ...any) Tensor {
	if len(opts) == 0 {
		return Tensor{aten.Argmax(a.T)}
	}
	dim, keep := dimAndKeep("argmax", opts)
	return Tensor{aten.ArgmaxDim(a.T, dim, keep)}
}

// Argmin returns the index of the smallest element: of all, or with (dim int, keepDim bool) along one dimension.
func (a Tensor) Argmin(opts ...any) Tensor {
	if len(opts) == 0 {
		return Tensor{aten.Argmin(a.T)}
	}
	dim, keep := dimAndKeep("argmin", opts)
	return Tensor{aten.ArgminDim(a.T, dim, keep)}
}

func dimAndKeep(op string, opts []any) (int64, bool) {
	dim, ok := opts[0].(int)
	keep, ok2 := false, true
	if len(opts) > 1 {
		keep, ok2 = opts[1].(bool)
	}
	if !ok || !ok2 {
		panic(&Error{Op: op, Msg: fmt.Sprintf("want (dim int, keepDim bool), got %v", opts)})
	}
	return int64(dim), keep
}

// TopK returns the k largest (or smallest) elements along dim and their indices.
func TopK(a Tensor, k, dim int64, largest, sorted bool) (Tensor, Tensor) {
	v, i := aten.TopK(a.T, k, dim, largest, sorted)
	return Tensor{v}, Tensor{i}
}
