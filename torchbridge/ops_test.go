package gotorch_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// tensor makes a float32 tensor of nested slices.
func tensor(data any) torch.Tensor { return torch.NewTensor(data) }

// compare checks a tensor's shape and elements, which are float32, int64 or bool.
func compare(t *testing.T, what string, got torch.Tensor, shape []int64, want []float64) {
	t.Helper()
	if !slices.Equal(got.Shape(), shape) {
		t.Errorf("%s: got shape %v, want %v", what, got.Shape(), shape)
		return
	}
	values := got.CastTo(torch.Float).Float32s()
	if len(values) != len(want) {
		t.Errorf("%s: got %v, want %v", what, values, want)
		return
	}
	for i, v := range values {
		if d := math.Abs(float64(v) - want[i]); !(d <= 1e-6*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: got %v, want %v", what, values, want)
			return
		}
	}
}

// Every operation, with values worked out by hand from its definition.
func TestOperations(t *testing.T) {
	e := math.Exp(1)
	square := [][]float32{{1, -2}, {3, -4}}
	for _, c := range []struct {
		name  string
		run   func(a torch.Tensor) torch.Tensor // a is square.
		shape []int64
		want  []float64
	}{
		{"Add", func(a torch.Tensor) torch.Tensor { return torch.Add(a, a, 0.5) }, []int64{2, 2}, []float64{1.5, -3, 4.5, -6}},
		{"Add broadcasts", func(a torch.Tensor) torch.Tensor { return a.Add(tensor([]float32{10, 20}), 1) }, []int64{2, 2}, []float64{11, 18, 13, 16}},
		{"AddI", func(a torch.Tensor) torch.Tensor { a.AddI(tensor([]float32{10, 20}), 2); return a }, []int64{2, 2}, []float64{21, 38, 23, 36}},
		{"Sub", func(a torch.Tensor) torch.Tensor { return torch.Sub(a, tensor([]float32{1, 1}), 3) }, []int64{2, 2}, []float64{-2, -5, 0, -7}},
		{"Tensor.Sub", func(a torch.Tensor) torch.Tensor { return a.Sub(a, 2) }, []int64{2, 2}, []float64{-1, 2, -3, 4}},
		{"SubI", func(a torch.Tensor) torch.Tensor { a.SubI(tensor([]float32{1, 1}), 1); return a }, []int64{2, 2}, []float64{0, -3, 2, -5}},
		{"Mul", func(a torch.Tensor) torch.Tensor { return torch.Mul(a, a) }, []int64{2, 2}, []float64{1, 4, 9, 16}},
		{"Tensor.Mul", func(a torch.Tensor) torch.Tensor { return a.Mul(tensor([]float32{2, 3})) }, []int64{2, 2}, []float64{2, -6, 6, -12}},
		{"MulI", func(a torch.Tensor) torch.Tensor { a.MulI(tensor([]float32{2, 3})); return a }, []int64{2, 2}, []float64{2, -6, 6, -12}},
		{"Div", func(a torch.Tensor) torch.Tensor { return torch.Div(a, tensor([]float32{2, 4})) }, []int64{2, 2}, []float64{0.5, -0.5, 1.5, -1}},
		{"Tensor.Div", func(a torch.Tensor) torch.Tensor { return a.Div(a) }, []int64{2, 2}, []float64{1, 1, 1, 1}},
		{"DivI", func(a torch.Tensor) torch.Tensor { a.DivI(tensor([]float32{2, 4})); return a }, []int64{2, 2}, []float64{0.5, -0.5, 1.5, -1}},
		{"AddScalar", func(a torch.Tensor) torch.Tensor { return a.AddScalar(0.25) }, []int64{2, 2}, []float64{1.25, -1.75, 3.25, -3.75}},
		{"MulScalar", func(a torch.Tensor) torch.Tensor { return a.MulScalar(-2) }, []int64{2, 2}, []float64{-2, 4, -6, 8}},
		{"Tensor.Sign", func(a torch.Tensor) torch.Tensor { return a.Add(tensor([]float32{-1, 0}), 1).Sign() }, []int64{2, 2}, []float64{0, -1, 1, -1}},
		{"MM", func(a torch.Tensor) torch.Tensor { return torch.MM(a, tensor([][]float32{{1, 0, 2}, {0, 1, 3}})) },
			[]int64{2, 3}, []float64{1, -2, -4, 3, -4, -6}},
		{"Relu", func(a torch.Tensor) torch.Tensor { return torch.Relu(a) }, []int64{2, 2}, []float64{1, 0, 3, 0}},
		{"Tensor.Relu", func(a torch.Tensor) torch.Tensor { return a.Relu() }, []int64{2, 2}, []float64{1, 0, 3, 0}},
		{"LeakyRelu", func(a torch.Tensor) torch.Tensor { return torch.LeakyRelu(a, 0.5) }, []int64{2, 2}, []float64{1, -1, 3, -2}},
		{"Tensor.LeakyRelu", func(a torch.Tensor) torch.Tensor { return a.LeakyRelu(0.25) }, []int64{2, 2}, []float64{1, -0.5, 3, -1}},
		{"Sigmoid", func(a torch.Tensor) torch.Tensor { return torch.Sigmoid(a) }, []int64{2, 2},
			[]float64{1 / (1 + 1/e), 1 / (1 + e*e), 1 / (1 + math.Exp(-3)), 1 / (1 + math.Exp(4))}},
		{"Tanh", func(a torch.Tensor) torch.Tensor { return a.Tanh() }, []int64{2, 2},
			[]float64{math.Tanh(1), math.Tanh(-2), math.Tanh(3), math.Tanh(-4)}},
		{"Log", func(a torch.Tensor) torch.Tensor { return tensor([]float32{1, float32(e), 0.5}).Log() }, []int64{3}, []float64{0, 1, -math.Ln2}},
		{"XLogY", func(a torch.Tensor) torch.Tensor {
			return tensor([]float32{0, 2, 2}).XLogY(tensor([]float32{0, float32(e), 1}))
		}, []int64{3}, []float64{0, 2, 0}},
		{"Clamp", func(a torch.Tensor) torch.Tensor { return a.Clamp(-2, 1.5) }, []int64{2, 2}, []float64{1, -2, 1.5, -2}},
		{"Softmax", func(a torch.Tensor) torch.Tensor { return a.Softmax(0) }, []int64{2, 2},
			[]float64{1 / (1 + e*e), e * e / (1 + e*e), e * e / (1 + e*e), 1 / (1 + e*e)}},
		{"LogSoftmax", func(a torch.Tensor) torch.Tensor { return torch.LogSoftmax(a, 1) }, []int64{2, 2},
			[]float64{-math.Log1p(math.Exp(-3)), -3 - math.Log1p(math.Exp(-3)), -math.Log1p(math.Exp(-7)), -7 - math.Log1p(math.Exp(-7))}},
		{"Mean", func(a torch.Tensor) torch.Tensor { return torch.Mean(a) }, []int64{}, []float64{-0.5}},
		{"MeanDims", func(a torch.Tensor) torch.Tensor { return a.MeanDims(false, 0) }, []int64{2}, []float64{2, -3}},
		{"MeanDims kept", func(a torch.Tensor) torch.Tensor { return a.MeanDims(true, 0, 1) }, []int64{1, 1}, []float64{-0.5}},
		{"Sum", func(a torch.Tensor) torch.Tensor { return torch.Sum(a) }, []int64{}, []float64{-2}},
		{"Sum of a dimension", func(a torch.Tensor) torch.Tensor { return a.Sum(map[string]any{"dim": 1}) }, []int64{2}, []float64{-1, -1}},
		{"Sum kept", func(a torch.Tensor) torch.Tensor { return a.Sum(map[string]any{"dim": 0, "keepDim": true}) }, []int64{1, 2}, []float64{4, -6}},
		{"Eq", func(a torch.Tensor) torch.Tensor { return a.Eq(tensor([]float32{1, -4})) }, []int64{2, 2}, []float64{1, 0, 0, 1}},
		{"Ne", func(a torch.Tensor) torch.Tensor { return a.Ne(tensor([]float32{1, -4})) }, []int64{2, 2}, []float64{0, 1, 1, 0}},
		{"Argmax", func(a torch.Tensor) torch.Tensor { return a.Argmax() }, []int64{}, []float64{2}},
		{"Argmax of a dimension", func(a torch.Tensor) torch.Tensor { return a.Argmax(0) }, []int64{2}, []float64{1, 0}},
		{"Argmax kept", func(a torch.Tensor) torch.Tensor { return a.Argmax(1, true) }, []int64{2, 1}, []float64{0, 0}},
		{"Argmin", func(a torch.Tensor) torch.Tensor { return a.Argmin() }, []int64{}, []float64{3}},
		{"Argmin of a dimension", func(a torch.Tensor) torch.Tensor { return a.Argmin(-1) }, []int64{2}, []float64{1, 1}},
		{"TopK values", func(a torch.Tensor) torch.Tensor { v, _ := torch.TopK(a, 1, 0, true, true); return v }, []int64{1, 2}, []float64{3, -2}},
		{"TopK smallest", func(a torch.Tensor) torch.Tensor { _, i := torch.TopK(a, 2, 1, false, true); return i }, []int64{2, 2}, []float64{1, 0, 1, 0}},

		{"View", func(a torch.Tensor) torch.Tensor { return a.View(-1, 1) }, []int64{4, 1}, []float64{1, -2, 3, -4}},
		{"Flatten", func(a torch.Tensor) torch.Tensor { return torch.Flatten(a, 0, -1) }, []int64{4}, []float64{1, -2, 3, -4}},
		{"Permute", func(a torch.Tensor) torch.Tensor { return a.Permute([]int64{1, 0}) }, []int64{2, 2}, []float64{1, 3, -2, -4}},
		{"Transpose", func(a torch.Tensor) torch.Tensor { return a.Transpose(0, 1) }, []int64{2, 2}, []float64{1, 3, -2, -4}},
		{"Squeeze", func(a torch.Tensor) torch.Tensor { return a.View(1, 4, 1).Squeeze() }, []int64{4}, []float64{1, -2, 3, -4}},
		{"Squeeze of a dimension", func(a torch.Tensor) torch.Tensor { return torch.Squeeze(a.View(1, 4, 1), 2) }, []int64{1, 4}, []float64{1, -2, 3, -4}},
		{"Stack", func(a torch.Tensor) torch.Tensor {
			return torch.Stack([]torch.Tensor{tensor([]float32{1, 2}), tensor([]float32{3, 4})}, 1)
		}, []int64{2, 2}, []float64{1, 3, 2, 4}},
		{"Cat", func(a torch.Tensor) torch.Tensor {
			return torch.Cat([]torch.Tensor{a, tensor([][]float32{{5}, {6}})}, 1)
		},
			[]int64{2, 3}, []float64{1, -2, 5, 3, -4, 6}},
		{"Slice", func(a torch.Tensor) torch.Tensor { return torch.Arange(0, 10, 1, false).Slice(0, 1, 8, 3) }, []int64{3}, []float64{1, 4, 7}},
		{"Pad", func(a torch.Tensor) torch.Tensor { return a.Pad(1, 0, 0, 1) }, []int64{3, 3}, []float64{0, 1, -2, 0, 3, -4, 0, 0, 0}},
		{"Index", func(a torch.Tensor) torch.Tensor { return a.Index(1, 0) }, []int64{}, []float64{3}},
		{"IndexSelect", func(a torch.Tensor) torch.Tensor { return a.IndexSelect(0, torch.FromInt64([]int64{1, 1, 0}, 3)) },
			[]int64{3, 2}, []float64{3, -4, 3, -4, 1, -2}},
		{"ExpandAs", func(a torch.Tensor) torch.Tensor { return tensor([]float32{7, 8}).ExpandAs(a) }, []int64{2, 2}, []float64{7, 8, 7, 8}},

		{"Full", func(torch.Tensor) torch.Tensor { return torch.Full([]int64{3}, 2.5, false) }, []int64{3}, []float64{2.5, 2.5, 2.5}},
		{"Ones", func(torch.Tensor) torch.Tensor { return torch.Ones([]int64{1, 2}, false) }, []int64{1, 2}, []float64{1, 1}},
		{"Zeros", func(torch.Tensor) torch.Tensor { return torch.Zeros([]int64{0, 2}, false) }, []int64{0, 2}, nil},
		{"Arange", func(torch.Tensor) torch.Tensor { return torch.Arange(1, 2, 0.25, false) }, []int64{4}, []float64{1, 1.25, 1.5, 1.75}},
		{"Linspace", func(torch.Tensor) torch.Tensor { return torch.Linspace(0, 1, 5, false) }, []int64{5}, []float64{0, 0.25, 0.5, 0.75, 1}},
		{"Logspace", func(torch.Tensor) torch.Tensor { return torch.Logspace(-1, 2, 4, 2, false) }, []int64{4}, []float64{0.5, 1, 2, 4}},
		{"Eye", func(torch.Tensor) torch.Tensor { return torch.Eye(2, 3, false) }, []int64{2, 3}, []float64{1, 0, 0, 0, 1, 0}},
		{"NewTensor of a type", func(torch.Tensor) torch.Tensor {
			return torch.NewTensor([]float32{0, 0.5, 2}, map[string]any{"dtype": torch.Bool})
		}, []int64{3}, []float64{0, 1, 1}},
		{"CastTo truncates", func(torch.Tensor) torch.Tensor { return tensor([]float32{1.9, -1.9}).CastTo(torch.Long) }, []int64{2}, []float64{1, -1}},
		{"CastTo bfloat16 rounds", func(torch.Tensor) torch.Tensor { return tensor([]float32{257, 1.00390625}).CastTo(torch.BFloat16) }, []int64{2}, []float64{256, 1}},
		{"Copy broadcasts", func(a torch.Tensor) torch.Tensor { a.Copy(torch.FromInt64([]int64{8, 9}, 2)); return a }, []int64{2, 2}, []float64{8, 9, 8, 9}},
		{"Fill", func(a torch.Tensor) torch.Tensor { a.Fill(0.5); return a }, []int64{2, 2}, []float64{0.5, 0.5, 0.5, 0.5}},
		{"Detach shares memory", func(a torch.Tensor) torch.Tensor { d := a.Detach(); d.Fill(3); return a }, []int64{2, 2}, []float64{3, 3, 3, 3}},
		{"SetData", func(a torch.Tensor) torch.Tensor { a.SetData(tensor([]float32{5})); return a }, []int64{1}, []float64{5}},
		{"Contiguous", func(a torch.Tensor) torch.Tensor { return a.Transpose(0, 1).Contiguous() }, []int64{2, 2}, []float64{1, 3, -2, -4}},
		{"To", func(a torch.Tensor) torch.Tensor { return torch.To(a, torch.NewDevice("cpu"), torch.Double) }, []int64{2, 2}, []float64{1, -2, 3, -4}},
		{"CopyTo", func(a torch.Tensor) torch.Tensor { return a.CopyTo(torch.NewDevice("cpu")) }, []int64{2, 2}, []float64{1, -2, 3, -4}},
	} {
		torch.Scope(func() { compare(t, c.name, c.run(tensor(square)), c.shape, c.want) })
	}
}

func TestEqualAndAllClose(t *testing.T) {
	torch.Scope(func() {
		a := tensor([]float32{1, 2})
		for _, c := range []struct {
			b            torch.Tensor
			equal, close bool
		}{
			{tensor([]float32{1, 2}), true, true},
			{tensor([]float32{1, 2.00001}), false, true},
			{tensor([]float32{1, 2.001}), false, false},
		} {
			if got := torch.Equal(a, c.b); got != c.equal {
				t.Errorf("Equal(%v, %v): got %v, want %v", a, c.b, got, c.equal)
			}
			if got := torch.AllClose(a, c.b); got != c.close {
				t.Errorf("AllClose(%v, %v): got %v, want %v", a, c.b, got, c.close)
			}
		}
		if torch.Equal(a, tensor([][]float32{{1, 2}})) {
			t.Error("tensors of different shapes are equal")
		}
	})
}

// Gradients worked out by hand: of Σ relu(w)·x, of a mean, and of what reaches a tensor twice.
func TestBackward(t *testing.T) {
	torch.Scope(func() {
		w := tensor([]float32{2, -3, 4})
		w.SetRequiresGrad(true)
		if w.Grad().Defined() {
			t.Error("a gradient before Backward")
		}
		x := tensor([]float32{10, 20, 30})
		product := w.Relu()
		product.Mul(x).Sum().Backward()
		compare(t, "gradient of relu", w.Grad(), []int64{3}, []float64{10, 0, 30})
		w.Mean().Backward()
		compare(t, "accumulated gradient", w.Grad(), []int64{3}, []float64{10 + 1.0/3, 1.0 / 3, 30 + 1.0/3})
		if x.Grad().Defined() || x.RequiresGrad() || !w.RequiresGrad() {
			t.Error("only w was to have a gradient")
		}
		square := w.Mul(w)
		compare(t, "gradient that is returned", square.Sum().GradientOf(w), []int64{3}, []float64{4, -6, 8})
		compare(t, "gradient beside one that is returned", w.Grad(), []int64{3}, []float64{10 + 1.0/3, 1.0 / 3, 30 + 1.0/3})
		if d := w.Detach(); d.RequiresGrad() {
			t.Error("a detached tensor requires a gradient")
		}
	})
}

func TestItem(t *testing.T) {
	torch.Scope(func() {
		for _, c := range []struct {
			data any
			want any
			f    float64
		}{
			{[]bool{true}, true, 1}, {[]uint8{200}, uint8(200), 200}, {[]int8{-3}, int8(-3), -3}, {[]int16{-300}, int16(-300), -300},
			{[]int32{1 << 30}, int32(1 << 30), 1 << 30}, {[]int64{-1 << 53}, int64(-1 << 53), -1 << 53},
			{[]float32{0.1}, float32(0.1), float64(float32(0.1))}, {[]float64{0.1}, 0.1, 0.1},
			{[]uint16{0x3c00}, float32(1), 1}, {float32(7), float32(7), 7},
		} {
			a := torch.NewTensor(c.data)
			if got := a.Item(); got != c.want {
				t.Errorf("Item of %T: got %v (%T), want %v", c.data, got, got, c.want)
			}
			if got := a.Float64(); got != c.f {
				t.Errorf("Float64 of %T: got %v, want %v", c.data, got, c.f)
			}
		}
	})
}

func TestMemory(t *testing.T) {
	torch.Scope(func() {
		a := torch.Zeros([]int64{2, 2}, false)
		a.MemoryFloat32()[3] = 7
		compare(t, "written memory", a, []int64{2, 2}, []float64{0, 0, 0, 7})
		b := torch.EmptyOf([]int64{2}, torch.Long)
		copy(b.MemoryInt64(), []int64{4, -5})
		if got := b.Int64s(); !slices.Equal(got, []int64{4, -5}) {
			t.Errorf("written int64 memory: got %v, want [4 -5]", got)
		}
		// FromFloat32 copies.
		data := []float32{1, 2}
		c := torch.FromFloat32(data, 2)
		data[0] = 9
		compare(t, "tensor of changed data", c, []int64{2}, []float64{1, 2})
		if got, want := c.Bytes(), []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}; !slices.Equal(got, want) {
			t.Errorf("bytes: got %v, want %v", got, want)
		}
		if got, want := torch.Ones([]int64{1, 2}, false).String(), " 1  1\n[ CPUFloatType{1,2} ]"; got != want {
			t.Errorf("String: got %q, want %q", got, want)
		}
		// An array may be a field beside Go pointers, which cgo lets no C function see.
		named := &struct {
			name   string
			values [2]float32
		}{strings.Repeat("x", 2), [2]float32{3, 4}}
		compare(t, "tensor of a field", torch.FromFloat32(named.values[:], 2), []int64{2}, []float64{3, 4})
		if c.Dim() != 1 || c.Numel() != 2 || c.Dtype() != torch.Float || !c.Defined() || (torch.Tensor{}).Defined() {
			t.Error("the description of a tensor of two float32 numbers is wrong")
		}
	})
}

// A Go program can recover from every exception of libtorch and every misuse: it is a *torch.Error that names the
// operation, and the library works afterwards.
func TestErrors(t *testing.T) {
	var undefined torch.Tensor
	for _, c := range []struct {
		name string
		run  func(a torch.Tensor) // a is 2×3.
		op   string
		msg  string
	}{
		{"Add of unfitting shapes", func(a torch.Tensor) { a.Add(tensor([]float32{1, 2}), 1) }, "add", "must match"},
		{"AddI that would grow", func(a torch.Tensor) { b := tensor([]float32{1, 2, 3}); b.AddI(a, 1) }, "add_", "shape"},
		{"SubI", func(a torch.Tensor) { a.SubI(tensor([]float32{1, 2}), 1) }, "sub_", "must match"},
		{"Mul", func(a torch.Tensor) { a.Mul(tensor([]float32{1, 2})) }, "mul", "must match"},
		{"DivI of integers", func(a torch.Tensor) { b := torch.FromInt64([]int64{1}, 1); b.DivI(b) }, "div_", "cast"},
		{"MM of unfitting shapes", func(a torch.Tensor) { torch.MM(a, a) }, "mm", "cannot be multiplied"},
		{"Softmax of no dimension", func(a torch.Tensor) { a.Softmax(2) }, "softmax", "out of range"},
		{"MeanDims of integers", func(a torch.Tensor) { torch.FromInt64([]int64{1}, 1).Mean() }, "mean", "dtype"},
		{"Sum with a dimension of another type", func(a torch.Tensor) { a.Sum(map[string]any{"dim": 1.0}) }, "sum", "int"},
		{"Argmax with a dimension of another type", func(a torch.Tensor) { a.Argmax("0") }, "argmax", "want (dim int"},
		{"Argmin with a keepDim of another type", func(a torch.Tensor) { a.Argmin(0, 1) }, "argmin", "want (dim int"},
		{"TopK of too many", func(a torch.Tensor) { torch.TopK(a, 4, 1, true, true) }, "topk", "out of range"},
		{"View of another size", func(a torch.Tensor) { a.View(4) }, "view", "invalid"},
		{"View of transposed memory", func(a torch.Tensor) { a.Transpose(0, 1).View(6) }, "view", "stride"},
		{"Permute", func(a torch.Tensor) { a.Permute([]int64{0, 0}) }, "permute", "duplicate"},
		{"Squeeze of two dimensions", func(a torch.Tensor) { a.Squeeze(0, 1) }, "squeeze", "at most one"},
		{"Stack of nothing", func(a torch.Tensor) { torch.Stack(nil, 0) }, "stack", "non-empty"},
		{"Cat of unfitting shapes", func(a torch.Tensor) { torch.Cat([]torch.Tensor{a, tensor([][]float32{{1}})}, 0) }, "cat", "must match"},
		{"Slice backwards", func(a torch.Tensor) { a.Slice(0, 0, 2, -1) }, "slice", "positive"},
		{"Pad of three", func(a torch.Tensor) { a.Pad(1, 1, 1) }, "pad", "must be even"},
		{"Index of one number", func(a torch.Tensor) { a.Index(0) }, "index", "1 numbers for 2 dimensions"},
		{"Index outside", func(a torch.Tensor) { a.Index(0, 3) }, "view", "invalid"},
		{"IndexSelect outside", func(a torch.Tensor) { a.IndexSelect(0, torch.FromInt64([]int64{2}, 1)) }, "index_select", "out of range"},
		{"ExpandAs", func(a torch.Tensor) { a.ExpandAs(tensor([]float32{1})) }, "expand_as", "expand"},
		{"Item of many", func(a torch.Tensor) { a.Item() }, "item", "Scalar"},
		{"Float32s of integers", func(a torch.Tensor) { torch.FromInt64([]int64{1}, 1).Float32s() }, "memory", "data type 4"},
		{"Int64s of floats", func(a torch.Tensor) { a.Int64s() }, "memory", "data type 6"},
		{"MemoryFloat32 of transposed memory", func(a torch.Tensor) { a.Transpose(0, 1).MemoryFloat32() }, "", "contiguous"},
		{"SetBytes of another length", func(a torch.Tensor) { a.SetBytes(make([]byte, 23)) }, "", "24"},
		{"Backward of a matrix", func(a torch.Tensor) { torch.Ones([]int64{2}, true).Backward() }, "backward", "scalar"},
		{"Backward without a graph", func(a torch.Tensor) { a.Sum().Backward() }, "backward", "does not require grad"},
		{"SetRequiresGrad of integers", func(a torch.Tensor) { torch.FromInt64([]int64{1}, 1).SetRequiresGrad(true) }, "", "floating point"},
		{"in place on a leaf", func(a torch.Tensor) { w := torch.Ones([]int64{1}, true); w.AddI(w, 1) }, "add_", "leaf"},
		{"undefined operand", func(a torch.Tensor) { torch.Add(a, undefined, 1) }, "add", "undefined tensor"},
		{"undefined receiver", func(a torch.Tensor) { undefined.Sum() }, "sum", "undefined tensor"},
		{"undefined shape", func(a torch.Tensor) { undefined.Shape() }, "", "undefined tensor"},
		{"closed operand", func(a torch.Tensor) { a.Close(); a.Sum() }, "tensor", "used after its scope closed"},
		{"negative size", func(a torch.Tensor) { torch.Empty([]int64{-1}, false) }, "empty", "negative"},
		{"Arange without end", func(a torch.Tensor) { torch.Arange(0, 1, 0, false) }, "arange", "step"},
		{"Linspace of negative length", func(a torch.Tensor) { torch.Linspace(0, 1, -1, false) }, "linspace", "steps"},
		{"FromFloat32 of another number", func(a torch.Tensor) { torch.FromFloat32([]float32{1}, 2) }, "from_blob", "1 elements for shape [2]"},
		{"FromInt64 of another number", func(a torch.Tensor) { torch.FromInt64([]int64{1}, 2) }, "from_blob", "1 elements for shape [2]"},
		{"NewTensor of int", func(a torch.Tensor) { torch.NewTensor([]int{1}) }, "tensor", "[]int"},
		{"NewTensor of ragged slices", func(a torch.Tensor) { torch.NewTensor([][]float32{{1}, {1, 2}}) }, "tensor", "different lengths"},
		{"NewTensor of ragged slices deep down", func(a torch.Tensor) {
			torch.NewTensor([][][]float32{{{1}, {2}}, {{1}, {2, 3}}})
		}, "tensor", "different lengths"},
		{"NewTensor of ragged slices that add up", func(a torch.Tensor) {
			torch.NewTensor([][][]float32{{{1}, {2}}, {{1, 2}, {}}})
		}, "tensor", "different lengths"},
		{"an unknown device", func(a torch.Tensor) { torch.NewDevice("tpu") }, "device", "tpu"},
		{"a device of another build", func(a torch.Tensor) { torch.NewDevice("cuda:0") }, "device", "no CUDA"},
		{"no threads", func(a torch.Tensor) { torch.SetNumThreads(0) }, "set_num_threads", "positive"},
		{"GC inside Scope", func(a torch.Tensor) { torch.GC() }, "GC", "inside Scope"},
	} {
		torch.Scope(func() {
			a := torch.Ones([]int64{2, 3}, false)
			err := torch.Maybe(func() { c.run(a) })
			var e *torch.Error
			if !errors.As(err, &e) {
				t.Errorf("%s: got error %v, want a *torch.Error", c.name, err)
				return
			}
			if (c.op != "" && e.Op != c.op) || !strings.Contains(e.Msg, c.msg) {
				t.Errorf("%s: got operation %q and message %q, want %q and %q", c.name, e.Op, e.Msg, c.op, c.msg)
			}
		})
	}
	torch.Scope(func() { compare(t, "afterwards", torch.Ones([]int64{2}, false).Sum(), []int64{}, []float64{2}) })
}
