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
}

func (s normShape) String() string {
	return fmt.Sprintf("n%d_c%d_%dx%d_mean%v", s.n, s.channels, s.h, s.w, s.mean)
}

var normShapes = []normShape{
	{4, 32, 8, 8, 0}, {6, 64, 7, 5, 0}, {1, 128, 2, 2, 0}, {3, 16, 8, 8, 0}, {1, 32, 1, 2, 0}, {2, 96, 16, 16, 30},
	{96, 32, 32, 32, 0}, {9, 640, 8, 8, 0}, {3, 24, 5, 7, 0}, {2, 1, 9, 11, 0}, {2, 13, 9, 3, 2}, {5, 10, 6, 6, -7},
}

// normKind is a batch normalisation in training with what follows it, on channels_last activations.
type normKind string

const (
	plainNorm   normKind = "batch norm"
	reluNorm    normKind = "ReLU"
	addReluNorm normKind = "add, ReLU"
	geluNorm    normKind = "quick GELU"
)

var normKinds = []normKind{plainNorm, reluNorm, addReluNorm, geluNorm}

// normNames are what run returns; the residual's gradient only of addReluNorm.
var normNames = []string{"output", "input's gradient", "weight's gradient", "bias's gradient", "running mean", "running variance",
	"residual's gradient"}

// normCase is such an operation on a batch.
type normCase struct {
	normShape
	kind             normKind
	evaluation, nchw bool
}

func (c normCase) String() string {
	return fmt.Sprintf("%s/%s/evaluation=%v,nchw=%v", c.kind, c.normShape, c.evaluation, c.nchw)
}

// run normalises and returns the tensors of normNames. dtype is the activations'; of bfloat16 they have float32
// statistics and weights. Activations and gradients are rounded to the type values first, whatever dtype is.
func (c normCase) run(dtype, values int8) []torch.Tensor {
	torch.Seed(2)
	shape, one := []int64{c.n, c.channels, c.h, c.w}, []int64{c.channels}
	wide := dtype
	if dtype == torch.BFloat16 {
		wide = torch.Float
	}
	leaf := func(t torch.Tensor, dtype int8, grad bool) torch.Tensor {
		if t = t.CastTo(dtype); t.Dim() == 4 && !c.nchw {
			t = t.ChannelsLast()
		}
		t = t.Detach()
		t.SetRequiresGrad(grad)
		return t
	}
	x := torch.RandN(shape, false)
	x = leaf(x.AddScalar(c.mean).CastTo(values), dtype, true)
	weight, bias := leaf(torch.RandN(one, false), wide, true), leaf(torch.RandN(one, false), wide, true)
	mean, variance := leaf(torch.Zeros(one, false), wide, false), leaf(torch.Ones(one, false), wide, false)
	residual := leaf(torch.RandN(shape, false).CastTo(values), dtype, true)
	g := leaf(torch.RandN(shape, false).CastTo(values), wide, false)
	const momentum, eps = 0.1, 1e-5
	var y torch.Tensor
	switch c.kind {
	case plainNorm:
		y = F.BatchNorm(x, mean, variance, weight, bias, !c.evaluation, momentum, eps)
	case reluNorm:
		y = F.BatchNormRelu(x, mean, variance, weight, bias, !c.evaluation, momentum, eps)
	case addReluNorm:
		y = F.BatchNormAddRelu(x, residual, mean, variance, weight, bias, !c.evaluation, momentum, eps)
	case geluNorm:
		y = F.BatchNormQuickGELU(x, mean, variance, weight, bias, !c.evaluation, momentum, eps)
	}
	loss := torch.Mul(y.CastTo(wide), g)
	loss.Sum().Backward()
	out := []torch.Tensor{y, x.Grad(), weight.Grad(), bias.Grad(), mean, variance}
	if c.kind == addReluNorm {
		out = append(out, residual.Grad())
	}
	return out
}

// The results are compared with libtorch's in float64, of the same activations. In float32 they may deviate three times as
// much as libtorch's in float32, or by 1e-6; in bfloat16, where rounding the results is nearly all of it, 1.1 times or 2e-5.
func TestFusedBatchNormAccuracy(t *testing.T) {
	for _, dtype := range []int8{torch.Float, torch.BFloat16} {
		for _, kind := range normKinds {
			for _, shape := range normShapes {
				c := normCase{normShape: shape, kind: kind}
				t.Run(fmt.Sprintf("dtype%d/%s", dtype, c), func(t *testing.T) {
					torch.Scope(func() { c.compare(t, dtype) })
				})
			}
		}
	}
}

func (c normCase) compare(t *testing.T, dtype int8) {
	var libtorch, got []torch.Tensor
	want := c.run(torch.Double, dtype)
	withFastKernels(false, func() { libtorch = c.run(dtype, dtype) })
	withFastKernels(true, func() { got = c.run(dtype, dtype) })
	same := true
	for i := range got {
		name := normNames[i]
		same = same && bytes.Equal(got[i].Bytes(), libtorch[i].Bytes())
		if got[i].Dtype() != libtorch[i].Dtype() || got[i].IsChannelsLast() != libtorch[i].IsChannelsLast() {
			t.Errorf("%s: got dtype %d, channels_last %v, want %d, %v", name, got[i].Dtype(), got[i].IsChannelsLast(),
				libtorch[i].Dtype(), libtorch[i].IsChannelsLast())
		}
		ours, theirs := relativeError(got[i], want[i]), relativeError(libtorch[i], want[i])
		limit := max(3*theirs, 1e-6)
		if dtype == torch.BFloat16 {
			limit = max(1.1*theirs, 2e-5)
		}
		t.Logf("%s: relative error %.2e, libtorch's %.2e", name, ours, theirs)
		if !(ours <= limit) {
			t.Errorf("%s: got relative error %.2e, want at most %.2e; libtorch's is %.2e", name, ours, limit, theirs)
		}
	}
	if same {
		t.Error("everything has libtorch's bits: the kernel did not run")
	}
}

func TestOtherBatchNormsAreLibtorchs(t *testing.T) {
	shape := normShape{4, 32, 8, 8, 0}
	for _, kind := range normKinds {
		for _, c := range []struct {
			normCase
			dtype int8
		}{
			{normCase{shape, kind, false, false}, torch.Double}, {normCase{shape, kind, true, false}, torch.Float},
			{normCase{shape, kind, true, false}, torch.BFloat16}, {normCase{shape, kind, false, true}, torch.Float},
			{normCase{shape, kind, false, true}, torch.BFloat16}, {normCase{normShape{1, 7, 1, 1, 0}, kind, false, false}, torch.Float},
		} {
			t.Run(fmt.Sprintf("%s/dtype%d", c, c.dtype), func(t *testing.T) {
				torch.Scope(func() {
					var want, got []torch.Tensor
					withFastKernels(false, func() { want = c.run(c.dtype, c.dtype) })
					withFastKernels(true, func() { got = c.run(c.dtype, c.dtype) })
					for i := range got {
						if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
							t.Errorf("%s differs from libtorch's", normNames[i])
						}
					}
				})
			})
		}
	}
}

func TestFusedBatchNormIsDeterministic(t *testing.T) {
	defer torch.SetNumThreads(int32(torch.NumThreads()))
	for _, dtype := range []int8{torch.Float, torch.BFloat16} {
		for _, kind := range normKinds {
			torch.Scope(func() {
				var want []torch.Tensor
				for _, threads := range []int32{1, 1, 2, 3} {
					torch.SetNumThreads(threads)
					got := normCase{normShape: normShape{16, 32, 16, 16, 0}, kind: kind}.run(dtype, dtype)
					if want == nil {
						want = got
					}
					for i := range got {
						if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
							t.Errorf("dtype %d, %s: %s on %d threads differs from the first run on one", dtype, kind, normNames[i], threads)
						}
					}
				}
			})
		}
	}
}

func BenchmarkBatchNormRelu(b *testing.B) {
	for _, dtype := range []int8{torch.Float, torch.BFloat16} {
		for _, channels := range []int64{16, 64} {
			x := torch.RandN([]int64{96, channels, 32, 32}, false)
			x = x.CastTo(dtype).ChannelsLast()
			g := x.Detach()
			x.SetRequiresGrad(true)
			one := []int64{channels}
			weight, bias, mean, variance := torch.Ones(one, true), torch.Zeros(one, true), torch.Zeros(one, false), torch.Ones(one, false)
			for _, fast := range []bool{false, true} {
				b.Run(fmt.Sprintf("dtype=%d/channels=%d/fast=%v", dtype, channels, fast), func(b *testing.B) {
					withFastKernels(fast, func() {
						for b.Loop() {
							torch.Scope(func() {
								loss := torch.Mul(F.BatchNormRelu(x, mean, variance, weight, bias, true, 0.1, 1e-5), g)
								loss.Sum().GradientOf(x)
							})
						}
					})
				})
			}
		}
	}
}
