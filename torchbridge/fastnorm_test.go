package gotorch_test

import (
	"bytes"
	"fmt"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// normShape is a batch [n, channels, h, w] whose channels lie around mean with deviation 1.
type normShape struct {
	n, channels, h, w int64
	mean              float64
	training          bool
}

func (s normShape) String() string {
	return fmt.Sprintf("n%d_c%d_%dx%d_mean%v_training=%v", s.n, s.channels, s.h, s.w, s.mean, s.training)
}

// normNames are what run returns.
var normNames = []string{"output", "input's gradient", "weight's gradient", "bias's gradient", "running mean", "running variance"}

// run normalises and activates, and returns the tensors of normNames. dtype is the input's; its values are bf16 in any
// case.
func (s normShape) run(dtype int8) []torch.Tensor {
	torch.Seed(2)
	shape, one := []int64{s.n, s.channels, s.h, s.w}, []int64{s.channels}
	x := torch.RandN(shape, false).AddScalar(s.mean).CastTo(torch.BFloat16).CastTo(dtype).ChannelsLast()
	weight, bias := torch.RandN(one, true), torch.RandN(one, true)
	mean, variance := torch.Zeros(one, false), torch.Ones(one, false)
	x.SetRequiresGrad(true)
	y := F.BatchNormRelu(x, mean, variance, weight, bias, s.training, 0.1, 1e-5)
	g := torch.RandN(shape, false)
	g = g.CastTo(torch.BFloat16).CastTo(torch.Float).ChannelsLast()
	wide := y.CastTo(torch.Float)
	loss := wide.Mul(g)
	loss.Sum().Backward()
	return []torch.Tensor{y, x.Grad(), weight.Grad(), bias.Grad(), mean, variance}
}

func TestFusedBatchNormAccuracy(t *testing.T) {
	needFastKernels(t, torch.BFloat16)
	for _, s := range []normShape{
		{4, 32, 8, 8, 0, true}, {6, 64, 7, 5, 0, true}, {1, 128, 2, 2, 0, true}, {3, 16, 8, 8, 0, true},
		{1, 32, 1, 2, 0, true}, {2, 96, 16, 16, 30, true}, {96, 32, 32, 32, 0, true}, {9, 640, 8, 8, 0, true},
	} {
		t.Run(s.String(), func(t *testing.T) {
			torch.Scope(func() {
				var want, libtorch, got []torch.Tensor
				want = s.run(torch.Float)
				withFastKernels(false, func() { libtorch = s.run(torch.BFloat16) })
				withFastKernels(true, func() { got = s.run(torch.BFloat16) })
				same := true
				for i, name := range normNames {
					same = same && bytes.Equal(got[i].Bytes(), libtorch[i].Bytes())
					if got[i].Dtype() != libtorch[i].Dtype() {
						t.Errorf("%s: got dtype %d, want %d", name, got[i].Dtype(), libtorch[i].Dtype())
					}
					// libtorch sums in the same order in both types; the kernel does not, hence the constant.
					ours, theirs := relativeError(got[i], want[i]), relativeError(libtorch[i], want[i])
					t.Logf("%s: relative error %.2e, libtorch's %.2e", name, ours, theirs)
					if !(ours <= 1.1*theirs+2e-5) {
						t.Errorf("%s: got relative error %.2e, want at most libtorch's %.2e and a tenth", name, ours, theirs)
					}
				}
				if same {
					t.Error("everything has libtorch's bits: the kernel did not run")
				}
			})
		})
	}
}

func TestOtherBatchNormsAreLibtorchs(t *testing.T) {
	for _, c := range []struct {
		shape normShape
		dtype int8
	}{
		{normShape{4, 32, 8, 8, 0, true}, torch.Float}, {normShape{4, 32, 8, 8, 0, false}, torch.Float},
		{normShape{4, 32, 8, 8, 0, false}, torch.BFloat16}, {normShape{4, 48, 8, 8, 0, true}, torch.BFloat16},
		{normShape{3, 16, 3, 3, 0, true}, torch.BFloat16},
	} {
		t.Run(fmt.Sprintf("%v_dtype%d", c.shape, c.dtype), func(t *testing.T) {
			torch.Scope(func() {
				var want, got []torch.Tensor
				withFastKernels(false, func() { want = c.shape.run(c.dtype) })
				withFastKernels(true, func() { got = c.shape.run(c.dtype) })
				for i, name := range normNames {
					if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
						t.Errorf("%s differs from libtorch's", name)
					}
				}
			})
		})
	}
}

func TestFusedBatchNormIsDeterministic(t *testing.T) {
	needFastKernels(t, torch.BFloat16)
	defer torch.SetNumThreads(int32(torch.NumThreads()))
	torch.Scope(func() {
		var want []torch.Tensor
		for _, threads := range []int32{1, 1, 2, 3} {
			torch.SetNumThreads(threads)
			got := normShape{16, 32, 16, 16, 0, true}.run(torch.BFloat16)
			if want == nil {
				want = got
			}
			for i, name := range normNames {
				if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
					t.Errorf("%s on %d threads differs from the first run on one", name, threads)
				}
			}
		}
	})
}

func BenchmarkBatchNormRelu(b *testing.B) {
	for _, fast := range []bool{false, true} {
		b.Run(fmt.Sprintf("fast=%v", fast), func(b *testing.B) {
			withFastKernels(fast, func() {
				for b.Loop() {
					torch.Scope(func() { normShape{96, 32, 32, 32, 0, true}.run(torch.BFloat16) })
				}
			})
		})
	}
}
