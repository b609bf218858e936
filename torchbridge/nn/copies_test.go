package nn_test

import (
	"slices"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// Inputs of the copies' data type meet the copies, others the weights; the gradients move into the weights', converted, and
// add up there when asked to.
func TestCopyWeights(t *testing.T) {
	torch.Scope(func() {
		l := nn.Linear(2, 1, true)
		l.Weight.SetData(torch.FromFloat32([]float32{1, 2}, 1, 2))
		l.Bias.SetData(torch.FromFloat32([]float32{0.5}, 1))
		weights, copies := nn.CopyWeights(l, torch.BFloat16)
		if len(weights) != 2 || len(copies) != 2 || weights[0] != l.Weight || copies[1].Dtype() != torch.BFloat16 || len(l.NamedTensors()) != 2 {
			t.Fatalf("got %d weights and %d copies of 2 tensors", len(weights), len(copies))
		}
		torch.NoGrad(func() { l.Weight.Fill(3) }) // Which the copies do not follow until they are copied anew.
		x := torch.FromFloat32([]float32{1, 1}, 1, 2)
		forward := func(dtype int8) float64 { return l.Forward(x.CastTo(dtype)).Float64() }
		if got := forward(torch.Float); got != 6.5 {
			t.Errorf("in float32: got %v, want 6.5", got)
		}
		if got := forward(torch.BFloat16); got != 3.5 {
			t.Errorf("in bfloat16: got %v, want 3.5", got)
		}
		torch.CopyAll(copies, weights)
		if got := forward(torch.BFloat16); got != 6.5 {
			t.Errorf("in bfloat16, copied anew: got %v, want 6.5", got)
		}

		memory := []torch.Tensor{torch.Full([]int64{1, 2}, 7, false), torch.Full([]int64{1}, 7, false)}
		for _, c := range []struct {
			add  bool
			want []float32
		}{{false, []float32{1, 1}}, {true, []float32{2, 2}}, {false, []float32{1, 1}}} {
			l.Forward(x.CastTo(torch.BFloat16)).Sum().Backward()
			torch.MoveGradients(copies, weights, memory, c.add)
			if got := l.Weight.Grad().Float32s(); !slices.Equal(got, c.want) {
				t.Errorf("add %v: the weight's gradient is %v, want %v", c.add, got, c.want)
			}
			if copies[0].Grad().Defined() {
				t.Error("a copy keeps its gradient")
			}
		}
	})
}
