package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// near tells whether values agree to float32's rounding.
func near(got []float32, want ...float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-want[i]) <= 1e-5) {
			return false
		}
	}
	return true
}

// A 3×3 kernel of ones over a 3×3 image of ones counts the neighbours that are inside.
func TestConv2d(t *testing.T) {
	torch.Scope(func() {
		c := nn.Conv2d(1, 1, 3, 1, 1, 1, 1, true, "zeros")
		torch.NoGrad(func() { c.Weight.Fill(1); c.Bias.Fill(0.5) })
		got := c.Forward(torch.Ones([]int64{1, 1, 3, 3}, false))
		if want := []float64{4.5, 6.5, 4.5, 6.5, 9.5, 6.5, 4.5, 6.5, 4.5}; !near(got.Float32s(), want...) {
			t.Errorf("got %v, want %v", got.Float32s(), want)
		}
		grouped := nn.Conv2d(4, 8, 3, 2, 0, 2, 2, false, "zeros")
		if got := grouped.Weight.Shape(); !slices.Equal(got, []int64{8, 2, 3, 3}) {
			t.Errorf("weight of two groups: got shape %v, want [8 2 3 3]", got)
		}
		if grouped.Bias.Defined() {
			t.Error("a convolution without bias has one")
		}
		// (9 − 2·(3−1) − 1)/2 + 1 = 3.
		y := grouped.Forward(torch.Ones([]int64{1, 4, 9, 9}, false))
		if got := y.Shape(); !slices.Equal(got, []int64{1, 8, 3, 3}) {
			t.Errorf("stride 2, dilation 2: got shape %v, want [1 8 3 3]", got)
		}
		if err := torch.Maybe(func() { nn.Conv2d(1, 1, 3, 1, 1, 1, 1, true, "reflect") }); err == nil || !strings.Contains(err.Error(), "reflect") {
			t.Errorf("padding mode reflect: got error %v, want one that names it", err)
		}
		if err := torch.Maybe(func() { c.Forward(torch.Ones([]int64{1, 2, 3, 3}, false)) }); err == nil {
			t.Error("an image of two channels: got no error")
		}
	})
}

// The batch 1, 3 has mean 2, variance 1 (2 unbiased): normalised −1, 1, then ·3+10; running mean 0.1·2, running variance
// 0.9·1+0.1·2.
func TestBatchNorm2d(t *testing.T) {
	torch.Scope(func() {
		b := nn.BatchNorm2d(1, 0, 0.1, true, true)
		torch.NoGrad(func() { b.Weight.Fill(3); b.Bias.Fill(10) })
		x := torch.FromFloat32([]float32{1, 3}, 2, 1, 1, 1)
		if got := b.Forward(x).Float32s(); !near(got, 7, 13) {
			t.Errorf("training: got %v, want [7 13]", got)
		}
		if mean, variance := b.RunningMean.Float32s(), b.RunningVar.Float32s(); !near(mean, 0.2) || !near(variance, 1.1) {
			t.Errorf("running statistics: got %v and %v, want 0.2 and 1.1", mean, variance)
		}
		b.Train(false)
		if got := b.Forward(x).Float32s(); !near(got, 10+3*0.8/math.Sqrt(1.1), 10+3*2.8/math.Sqrt(1.1)) {
			t.Errorf("evaluation: got %v, want it normalised by the running statistics", got)
		}
		if mean := b.RunningMean.Float32s(); !near(mean, 0.2) {
			t.Errorf("evaluation moved the running mean to %v", mean)
		}
		bare := nn.BatchNorm2d(1, 0, 0.1, false, false)
		bare.Train(false)
		if got := bare.Forward(x).Float32s(); !near(got, -1, 1) {
			t.Errorf("without running statistics: got %v, want the batch's own used in evaluation: [-1 1]", got)
		}
	})
}

func TestLinear(t *testing.T) {
	torch.Scope(func() {
		l := nn.Linear(2, 3, true)
		l.Weight.SetBytes(torch.FromFloat32([]float32{1, 2, 3, 4, 5, 6}, 3, 2).Bytes())
		l.Bias.SetBytes(torch.FromFloat32([]float32{0.5, 0, -0.5}, 3).Bytes())
		if got := l.Forward(torch.FromFloat32([]float32{1, 10}, 1, 2)).Float32s(); !near(got, 21.5, 43, 64.5) {
			t.Errorf("got %v, want [21.5 43 64.5]", got)
		}
		if nn.Linear(2, 3, false).Bias.Defined() {
			t.Error("a layer without bias has one")
		}
		// PyTorch's default: both from ±1/√in.
		wide := nn.Linear(100, 50, true)
		for name, w := range map[string]torch.Tensor{"weight": wide.Weight, "bias": wide.Bias} {
			values := w.Float32s()
			if least, most := slices.Min(values), slices.Max(values); least < -0.1 || least > -0.08 || most > 0.1 || most < 0.08 {
				t.Errorf("%s is drawn from [%v, %v], want nearly [-0.1, 0.1]", name, least, most)
			}
		}
	})
}

type pairModule struct{ nn.Module }

func (*pairModule) Forward(a, b int) (int, int) { return a + b, a * b }

type joinModule struct{ nn.Module }

func (*joinModule) Forward(a, b int) string { return strings.Repeat("x", a) + strings.Repeat("y", b) }

type silentModule struct{ nn.Module }

func (*silentModule) Forward(any) {}

type dumbModule struct{ nn.Module }

// Sequential passes on whatever Forward methods take and give.
func TestSequential(t *testing.T) {
	if got := nn.Sequential(&pairModule{}, nil, &joinModule{}).Forward(2, 3); got != "xxxxxyyyyyy" {
		t.Errorf("two modules of other arities: got %v, want xxxxxyyyyyy", got)
	}
	if got := nn.Sequential(&pairModule{}).Forward(2, 3); !slices.Equal(got.([]any), []any{5, 6}) {
		t.Errorf("two results: got %v, want [5 6]", got)
	}
	if got := nn.Sequential(&silentModule{}).Forward(1); got != nil {
		t.Errorf("no result: got %v, want nil", got)
	}
	if got := nn.Sequential().Forward(7); got != 7 {
		t.Errorf("no module: got %v, want the input 7", got)
	}
	if got := recovered(func() { nn.Sequential(&pairModule{}, &dumbModule{}).Forward(1, 2) }); !strings.Contains(got, "module 1") {
		t.Errorf("a module without Forward: panicked with %q, want its number", got)
	}
	torch.Scope(func() {
		s := nn.Sequential(nn.Linear(3, 2, true), nn.Functional(func(x torch.Tensor) torch.Tensor { return x.MulScalar(0) }))
		if got := s.Forward(torch.Ones([]int64{1, 3}, false)).(torch.Tensor).Float32s(); !near(got, 0, 0) {
			t.Errorf("a function at the end: got %v, want [0 0]", got)
		}
		if got := len(s.Parameters()); got != 2 {
			t.Errorf("got %d parameters, want those of the linear layer, 2", got)
		}
	})
}

// Two parts of a batch, worked out by hand as in TestBatchNorm2d: 1, 3 with mean 2 and variance 1, and 10, 14 with mean 12
// and variance 4 (8 unbiased). In evaluation the first part's statistics count.
func TestSplitBatchNorm2d(t *testing.T) {
	torch.Scope(func() {
		b := nn.BatchNorm2d(1, 0, 0.1, true, true)
		torch.NoGrad(func() { b.Weight.Fill(3); b.Bias.Fill(10); b.RunningMean.Fill(1) })
		b.Split(2)
		var names []string
		for _, n := range b.NamedTensors() {
			names = append(names, n.Name)
		}
		want := "weight bias running_mean running_var aux_bn.0.weight aux_bn.0.bias aux_bn.0.running_mean aux_bn.0.running_var"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("names: got %s, want %s", got, want)
		}
		if len(b.Parameters()) != 4 {
			t.Errorf("got %d parameters, want 4", len(b.Parameters()))
		}
		x := torch.FromFloat32([]float32{1, 3, 10, 14}, 4, 1, 1, 1)
		if got := b.Forward(x).Float32s(); !near(got, 7, 13, 7, 13) {
			t.Errorf("training: got %v, want [7 13 7 13]", got)
		}
		aux := b.AuxBN[0]
		if mean, variance := b.RunningMean.Float32s(), b.RunningVar.Float32s(); !near(mean, 1.1) || !near(variance, 1.1) {
			t.Errorf("running statistics: got %v and %v, want 1.1 and 1.1", mean, variance)
		}
		if mean, variance := aux.RunningMean.Float32s(), aux.RunningVar.Float32s(); !near(mean, 2.1) || !near(variance, 1.7) {
			t.Errorf("running statistics of the second part: got %v and %v, want 2.1 and 1.7", mean, variance)
		}
		torch.NoGrad(func() { aux.Weight.Fill(-1); aux.Bias.Fill(0) })
		if got := b.ForwardRelu(x).Float32s(); !near(got, 7, 13, 1, 0) {
			t.Errorf("training, with ReLU: got %v, want [7 13 1 0]", got)
		}
		if got := b.ForwardAddRelu(x, torch.FromFloat32([]float32{0, 1, -2, 3}, 4, 1, 1, 1)).Float32s(); !near(got, 7, 14, 0, 2) {
			t.Errorf("training, with a residual: got %v, want [7 14 0 2]", got)
		}
		sigmoid := 1 / (1 + math.Exp(-1.702))
		torch.NoGrad(func() { b.Weight.Fill(1); b.Bias.Fill(0) })
		if got := b.ForwardQuickGELU(x).Float32s(); !near(got, sigmoid-1, sigmoid, sigmoid, sigmoid-1) {
			t.Errorf("training, with x·σ(1.702·x): got %v, want ±1 weighed by %v and %v", got, sigmoid, 1-sigmoid)
		}
		torch.NoGrad(func() { b.Weight.Fill(3); b.Bias.Fill(10) })
		if err := torch.Maybe(func() { b.Forward(x.Slice(0, 0, 3, 1)) }); err == nil || !strings.Contains(err.Error(), "3 cannot be split into 2") {
			t.Errorf("a batch of 3: got error %v", err)
		}
		b.Train(false)
		torch.NoGrad(func() { b.RunningMean.Fill(0); b.RunningVar.Fill(1) })
		if got := b.Forward(x).Float32s(); !near(got, 13, 19, 40, 52) {
			t.Errorf("evaluation: got %v, want the first part's statistics for all: [13 19 40 52]", got)
		}
	})
}
