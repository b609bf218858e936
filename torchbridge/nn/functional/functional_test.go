package functional_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// The expected values are worked out by hand.
func TestFunctions(t *testing.T) {
	var undefined torch.Tensor
	e := math.Exp(1)
	logits := func() torch.Tensor { return torch.FromFloat32([]float32{0, 1, 0, 0}, 2, 2) }
	classes := func(c ...int64) torch.Tensor { return torch.FromInt64(c, int64(len(c))) }
	// Cross-entropies of the two rows of logits for class 0.
	first, second := math.Log(1+e), math.Ln2
	image := func() torch.Tensor { return torch.Arange(0, 16, 1, false).View(1, 1, 4, 4) }
	two, zero, one := []int64{2, 2}, []int64{0, 0}, []int64{1, 1}
	for _, c := range []struct {
		name  string
		run   func() torch.Tensor
		shape []int64
		want  []float64
	}{
		{"Relu", func() torch.Tensor { return F.Relu(torch.FromFloat32([]float32{-1, 2}, 2), false) }, []int64{2}, []float64{0, 2}},
		{"LeakyRelu", func() torch.Tensor { return F.LeakyRelu(torch.FromFloat32([]float32{-1, 2}, 2), 0.1, false) }, []int64{2}, []float64{-0.1, 2}},
		{"Linear", func() torch.Tensor {
			return F.Linear(torch.FromFloat32([]float32{1, 2}, 1, 2), torch.FromFloat32([]float32{3, 4}, 1, 2), undefined)
		}, []int64{1, 1}, []float64{11}},
		{"LogSoftmax", func() torch.Tensor { return F.LogSoftmax(logits(), 1) }, []int64{2, 2}, []float64{-first, 1 - first, -second, -second}},
		{"CrossEntropy, mean", func() torch.Tensor { return F.CrossEntropy(logits(), classes(0, 0), undefined, -100, "mean") }, []int64{}, []float64{(first + second) / 2}},
		{"CrossEntropy, sum", func() torch.Tensor { return F.CrossEntropy(logits(), classes(1, 1), undefined, -100, "sum") }, []int64{}, []float64{first - 1 + second}},
		{"CrossEntropy, none", func() torch.Tensor { return F.CrossEntropy(logits(), classes(0, 1), undefined, -100, "none") }, []int64{2}, []float64{first, second}},
		{"CrossEntropy ignores", func() torch.Tensor { return F.CrossEntropy(logits(), classes(7, 0), undefined, 7, "mean") }, []int64{}, []float64{second}},
		{"CrossEntropy weighs", func() torch.Tensor {
			return F.CrossEntropy(logits(), classes(0, 1), torch.FromFloat32([]float32{1, 3}, 2), -100, "mean")
		}, []int64{}, []float64{(first + 3*second) / 4}},
		{"NllLoss", func() torch.Tensor { return F.NllLoss(logits(), classes(1, 0), undefined, -100, "mean") }, []int64{}, []float64{-0.5}},
		{"MaxPool2d", func() torch.Tensor { return F.MaxPool2d(image(), two, two, zero, one, false) }, []int64{1, 1, 2, 2}, []float64{5, 7, 13, 15}},
		{"AvgPool2d", func() torch.Tensor { return F.AvgPool2d(image(), two, two, zero) }, []int64{1, 1, 2, 2}, []float64{2.5, 4.5, 10.5, 12.5}},
		{"ReflectionPad2d", func() torch.Tensor { return F.ReflectionPad2d(image(), []int64{1, 0, 2, 0}).Slice(2, 0, 1, 1) }, []int64{1, 1, 1, 5}, []float64{9, 8, 9, 10, 11}},
		{"AdaptiveAvgPool2d", func() torch.Tensor { return F.AdaptiveAvgPool2d(image(), []int64{1, 2}) }, []int64{1, 1, 1, 2}, []float64{6.5, 8.5}},
		{"Conv2d", func() torch.Tensor {
			return F.Conv2d(image(), torch.Ones([]int64{1, 1, 2, 2}, false), torch.Ones([]int64{1}, false), two, zero, one, 1)
		}, []int64{1, 1, 2, 2}, []float64{11, 19, 43, 51}},
		{"BatchNorm", func() torch.Tensor {
			return F.BatchNorm(torch.FromFloat32([]float32{1, 3}, 2, 1), undefined, undefined, undefined, undefined, true, 0.1, 0)
		}, []int64{2, 1}, []float64{-1, 1}},
		{"BatchNormAddRelu", func() torch.Tensor {
			return F.BatchNormAddRelu(torch.FromFloat32([]float32{1, 3}, 2, 1), torch.FromFloat32([]float32{0.5, 0.5}, 2, 1),
				undefined, undefined, undefined, undefined, true, 0.1, 0)
		}, []int64{2, 1}, []float64{0, 1.5}},
		{"BatchNormQuickGELU", func() torch.Tensor {
			return F.BatchNormQuickGELU(torch.FromFloat32([]float32{1, 3}, 2, 1), undefined, undefined, undefined, undefined, true, 0.1, 0)
		}, []int64{2, 1}, []float64{-1 / (1 + math.Exp(1.702)), 1 / (1 + math.Exp(-1.702))}},
		{"Dropout at rest", func() torch.Tensor { return F.Dropout(image(), 0.9, false).Sum() }, []int64{}, []float64{120}},
		{"Dropout of nothing", func() torch.Tensor { return F.Dropout(image(), 0, true).Sum() }, []int64{}, []float64{120}},
		{"Dropout of all", func() torch.Tensor { return F.Dropout(image(), 1, true).Sum() }, []int64{}, []float64{0}},
	} {
		torch.Scope(func() {
			got := c.run()
			if !slices.Equal(got.Shape(), c.shape) {
				t.Errorf("%s: got shape %v, want %v", c.name, got.Shape(), c.shape)
				return
			}
			for i, v := range got.Float32s() {
				if !(math.Abs(float64(v)-c.want[i]) <= 1e-5) {
					t.Errorf("%s: got %v, want %v", c.name, got.Float32s(), c.want)
					return
				}
			}
		})
	}
}

func TestInPlace(t *testing.T) {
	torch.Scope(func() {
		for name, f := range map[string]func(torch.Tensor) torch.Tensor{
			"Relu":      func(x torch.Tensor) torch.Tensor { return F.Relu(x, true) },
			"LeakyRelu": func(x torch.Tensor) torch.Tensor { return F.LeakyRelu(x, 0, true) },
		} {
			x := torch.FromFloat32([]float32{-1, 2}, 2)
			y := f(x)
			if got := x.Float32s(); got[0] != 0 || got[1] != 2 || !torch.Equal(x, y) {
				t.Errorf("%s in place: the input is %v and the result %v, want [0 2] for both", name, got, y.Float32s())
			}
		}
	})
}

// About half of the elements go, the others are doubled, and the seed decides which.
func TestDropout(t *testing.T) {
	torch.Scope(func() {
		drop := func(seed uint64) []float32 {
			torch.Seed(seed)
			return F.Dropout(torch.Ones([]int64{1000}, false), 0.5, true).Float32s()
		}
		a := drop(1)
		kept := 0
		for _, v := range a {
			if v != 0 && v != 2 {
				t.Fatalf("got an element %v, want 0 or 2", v)
			}
			if v == 2 {
				kept++
			}
		}
		if kept < 430 || kept > 570 {
			t.Errorf("kept %d of 1000 elements", kept)
		}
		if !slices.Equal(a, drop(1)) || slices.Equal(a, drop(2)) {
			t.Error("the draws are not a function of the seed")
		}
	})
}

func TestErrors(t *testing.T) {
	var undefined torch.Tensor
	torch.Scope(func() {
		logits, labels := torch.Ones([]int64{2, 3}, false), torch.FromInt64([]int64{0, 2}, 2)
		image := torch.Ones([]int64{1, 1, 4, 4}, false)
		pair := []int64{1, 1}
		for name, c := range map[string]struct {
			run func()
			msg string
		}{
			"an unknown reduction":     {func() { F.CrossEntropy(logits, labels, undefined, -100, "average") }, "average"},
			"a label out of range":     {func() { F.CrossEntropy(logits, torch.FromInt64([]int64{0, 3}, 2), undefined, -100, "mean") }, "out of bounds"},
			"a negative label":         {func() { F.NllLoss(logits, torch.FromInt64([]int64{0, -1}, 2), undefined, -100, "mean") }, "out of bounds"},
			"another number of labels": {func() { F.CrossEntropy(logits, torch.FromInt64([]int64{0}, 1), undefined, -100, "mean") }, "batch_size"},
			"an undefined target":      {func() { F.CrossEntropy(logits, undefined, undefined, -100, "mean") }, "undefined tensor"},
			"an undefined weight":      {func() { F.Conv2d(image, undefined, undefined, pair, pair, pair, 1) }, "undefined tensor"},
			"one number for a pair":    {func() { F.MaxPool2d(image, []int64{2}, pair, pair, pair, false) }, "2"},
			"a kernel beyond the image": {func() {
				F.Conv2d(image, torch.Ones([]int64{1, 1, 9, 9}, false), undefined, pair, []int64{0, 0}, pair, 1)
			}, "Kernel size can't be greater"},
			"a reflection of more than the image": {func() { F.ReflectionPad2d(image, []int64{4, 0, 0, 0}) }, "less than the corresponding input dimension"},
			"a reflection of three sides":         {func() { F.ReflectionPad2d(image, []int64{1, 1, 1}) }, "four numbers"},
			"an impossible dropout":               {func() { F.Dropout(image, 1.5, true) }, "between 0 and 1"},
		} {
			if err := torch.Maybe(c.run); err == nil || !strings.Contains(err.Error(), c.msg) {
				t.Errorf("%s: got error %v, want one that says %q", name, err, c.msg)
			}
		}
	})
}
