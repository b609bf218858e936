package gotorch_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// needFastKernels skips on CPUs for which there are no kernels beside libtorch's for activations of the type.
func needFastKernels(t *testing.T, dtype int8) {
	t.Helper()
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skipf("the CPU is unknown: %v", err)
	}
	has := func(flag string) bool { return strings.Contains(string(info), " "+flag) }
	if dtype == torch.BFloat16 && (!has("avx512_bf16") || has("amx_bf16")) {
		t.Skip("the kernels are for CPUs with AVX512-BF16 and without AMX")
	}
	if dtype == torch.Float && (!has("avx2") || !has("fma") || has("avx512f")) {
		t.Skip("the kernels are for CPUs with AVX2 and without AVX-512")
	}
}

// withFastKernels runs f with the kernels on or off, and restores.
func withFastKernels(on bool, f func()) {
	was := torch.SetFastKernels(on)
	defer torch.SetFastKernels(was)
	f()
}

// relativeError is |got−want|/|want| in the Euclidean norm.
func relativeError(got, want torch.Tensor) float64 {
	w := want.CastTo(torch.Double)
	d := torch.Sub(got.CastTo(torch.Double), w, 1)
	squares := func(a torch.Tensor) float64 { return torch.Sum(torch.Mul(a, a)).Float64() }
	return math.Sqrt(squares(d) / squares(w))
}

// convShape is a convolution of [n, in, h, w] with kernels [out, in, size, size].
type convShape struct{ n, in, out, h, w, size, stride, padding int64 }

func (s convShape) String() string {
	return fmt.Sprintf("n%d_%d-%d_%dx%d_k%ds%dp%d", s.n, s.in, s.out, s.h, s.w, s.size, s.stride, s.padding)
}

// run convolves non-negative activations, as after a ReLU, and returns the output and both gradients: in float64, in float32
// or in bfloat16 by autocasting. The values of x and of the output's gradient are bf16 in any case.
func (s convShape) run(dtype int8) (y, dx, dw torch.Tensor) {
	torch.Seed(1)
	wide := dtype
	if dtype == torch.BFloat16 {
		wide = torch.Float
	}
	x := torch.RandN([]int64{s.n, s.in, s.h, s.w}, false)
	x = torch.Relu(x).CastTo(torch.BFloat16).CastTo(wide).ChannelsLast()
	w := torch.RandN([]int64{s.out, s.in, s.size, s.size}, false)
	w = w.MulScalar(math.Sqrt(2 / float64(9*s.in))).CastTo(wide).ChannelsLast()
	x.SetRequiresGrad(true)
	w.SetRequiresGrad(true)
	convolve := func() {
		y = F.Conv2d(x, w, torch.Tensor{}, []int64{s.stride, s.stride}, []int64{s.padding, s.padding}, []int64{1, 1}, 1)
	}
	if dtype == torch.BFloat16 {
		torch.Autocast(torch.BFloat16, convolve)
	} else {
		convolve()
	}
	g := torch.RandN(y.Shape(), false)
	g = g.CastTo(torch.BFloat16).CastTo(wide).ChannelsLast()
	loss := torch.Mul(y.CastTo(wide), g)
	loss.Sum().Backward()
	return y, x.Grad(), w.Grad()
}

// Winograd's transforms add a rounding of the transformed input and round transformed weights instead of the weights:
// measured, it errs 1.6 to 2.3 times as much as libtorch's bf16 convolution, and in float32 0.6 to 2.4 times as much as
// its float32 one.
func TestWinogradAccuracy(t *testing.T) {
	for _, dtype := range []int8{torch.BFloat16, torch.Float} {
		t.Run(fmt.Sprint("dtype ", dtype), func(t *testing.T) {
			needFastKernels(t, dtype)
			testWinogradAccuracy(t, dtype)
		})
	}
}

func testWinogradAccuracy(t *testing.T, dtype int8) {
	limit := 2.5
	if dtype == torch.Float {
		limit = 3
	}
	for _, s := range []convShape{
		{2, 32, 32, 32, 32, 3, 1, 1}, {3, 64, 64, 16, 16, 3, 1, 1}, {5, 128, 128, 8, 8, 3, 1, 1}, {2, 16, 32, 8, 8, 3, 1, 1},
		{1, 16, 16, 2, 2, 3, 1, 1}, {2, 48, 80, 14, 6, 3, 1, 1}, {1, 96, 32, 4, 30, 3, 1, 1}, {7, 32, 160, 10, 10, 3, 1, 1},
	} {
		t.Run(s.String(), func(t *testing.T) {
			torch.Scope(func() {
				var want, libtorch, got [3]torch.Tensor
				want[0], want[1], want[2] = s.run(torch.Double)
				withFastKernels(false, func() { libtorch[0], libtorch[1], libtorch[2] = s.run(dtype) })
				withFastKernels(true, func() { got[0], got[1], got[2] = s.run(dtype) })
				for i, name := range []string{"output", "input's gradient", "weight's gradient"} {
					if got[i].Dtype() != libtorch[i].Dtype() || !got[i].IsChannelsLast() {
						t.Errorf("%s: got dtype %d, channels_last %v, want %d, true", name, got[i].Dtype(),
							got[i].IsChannelsLast(), libtorch[i].Dtype())
					}
					ours, theirs := relativeError(got[i], want[i]), relativeError(libtorch[i], want[i])
					t.Logf("%s: relative error %.2e, libtorch's %.2e", name, ours, theirs)
					if !(ours <= limit*theirs) {
						t.Errorf("%s: got relative error %.2e, want at most %v times libtorch's %.2e", name, ours, limit, theirs)
					}
				}
				if bytes.Equal(got[0].Bytes(), libtorch[0].Bytes()) {
					t.Error("the output has libtorch's bits: the kernel did not run")
				}
			})
		})
	}
}

func TestOtherConvolutionsAreLibtorchs(t *testing.T) {
	for _, c := range []struct {
		shape convShape
		dtype int8
	}{
		{convShape{2, 32, 32, 8, 8, 3, 1, 1}, torch.Double}, {convShape{2, 32, 24, 8, 8, 3, 1, 1}, torch.Float},
		{convShape{2, 32, 32, 8, 8, 3, 2, 1}, torch.Float}, {convShape{2, 32, 32, 7, 8, 3, 1, 1}, torch.BFloat16},
		{convShape{2, 32, 32, 8, 9, 3, 1, 1}, torch.BFloat16}, {convShape{2, 3, 32, 8, 8, 3, 1, 1}, torch.BFloat16},
		{convShape{2, 32, 24, 8, 8, 3, 1, 1}, torch.BFloat16}, {convShape{2, 32, 32, 8, 8, 3, 2, 1}, torch.BFloat16},
		{convShape{2, 32, 32, 8, 8, 3, 1, 0}, torch.BFloat16}, {convShape{2, 32, 32, 8, 8, 1, 1, 0}, torch.BFloat16},
	} {
		t.Run(fmt.Sprintf("%v_dtype%v", c.shape, c.dtype), func(t *testing.T) {
			torch.Scope(func() {
				var want, got [3]torch.Tensor
				withFastKernels(false, func() { want[0], want[1], want[2] = c.shape.run(c.dtype) })
				withFastKernels(true, func() { got[0], got[1], got[2] = c.shape.run(c.dtype) })
				for i := range want {
					if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
						t.Errorf("tensor %d differs from libtorch's", i)
					}
				}
			})
		})
	}
}

// A run that is resumed must go on with the same bits, on whatever number of threads it is resumed.
func TestWinogradIsDeterministic(t *testing.T) {
	for _, dtype := range []int8{torch.BFloat16, torch.Float} {
		t.Run(fmt.Sprint("dtype ", dtype), func(t *testing.T) {
			needFastKernels(t, dtype)
			testWinogradIsDeterministic(t, dtype)
		})
	}
}

func testWinogradIsDeterministic(t *testing.T, dtype int8) {
	defer torch.SetNumThreads(int32(torch.NumThreads()))
	for _, s := range []convShape{{16, 32, 32, 16, 16, 3, 1, 1}, {32, 128, 128, 8, 8, 3, 1, 1}} {
		torch.Scope(func() {
			var want [3]torch.Tensor
			for _, threads := range []int32{1, 1, 2, 3} {
				torch.SetNumThreads(threads)
				var got [3]torch.Tensor
				got[0], got[1], got[2] = s.run(dtype)
				for i := range got {
					if want[i].T != nil && !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
						t.Errorf("%v: tensor %d on %d threads differs from the first run on one", s, i, threads)
					}
				}
				if want[0].T == nil {
					want = got
				}
			}
		})
	}
}

func TestWinogradWithoutAutograd(t *testing.T) {
	torch.Scope(func() {
		w := torch.Ones([]int64{16, 16, 3, 3}, true)
		x := torch.Ones([]int64{1, 16, 4, 4}, false)
		var y torch.Tensor
		torch.NoGrad(func() {
			torch.Autocast(torch.BFloat16, func() {
				y = F.Conv2d(x, w, torch.Tensor{}, []int64{1, 1}, []int64{1, 1}, []int64{1, 1}, 1)
			})
		})
		if y.RequiresGrad() {
			t.Error("the convolution recorded for autograd inside NoGrad")
		}
		if got := y.CastTo(torch.Float).Float32s(); got[0] != 16*4 || got[1] != 16*6 || got[5] != 16*9 {
			t.Errorf("sums of ones at a corner, an edge and inside: got %v, %v, %v, want 64, 96, 144", got[0], got[1], got[5])
		}
	})
}

// A bias is added to what Winograd's algorithm computes in float32; in bfloat16 such convolutions are libtorch's.
func TestWinogradBias(t *testing.T) {
	needFastKernels(t, torch.Float)
	torch.Scope(func() {
		run := func(dtype int8) (y, db torch.Tensor) {
			torch.Seed(4)
			x, w := torch.RandN([]int64{3, 32, 8, 6}, false).CastTo(dtype), torch.RandN([]int64{48, 32, 3, 3}, false).CastTo(dtype)
			b := torch.RandN([]int64{48}, false).CastTo(dtype)
			b.SetRequiresGrad(true)
			y = F.Conv2d(x.ChannelsLast(), w.ChannelsLast(), b, []int64{1, 1}, []int64{1, 1}, []int64{1, 1}, 1)
			loss := torch.Mul(y, y)
			loss.Sum().Backward()
			return y, b.Grad()
		}
		wantY, wantB := run(torch.Double)
		var libtorch torch.Tensor
		withFastKernels(false, func() { libtorch, _ = run(torch.Float) })
		y, db := run(torch.Float)
		if bytes.Equal(y.Bytes(), libtorch.Bytes()) || !y.IsChannelsLast() {
			t.Error("the output has libtorch's bits, or is not channels_last: the kernel did not run")
		}
		if e := relativeError(y, wantY); !(e <= 1e-6) {
			t.Errorf("output: got relative error %.2e, want at most 1e-6", e)
		}
		if e := relativeError(db, wantB); !(e <= 1e-6) {
			t.Errorf("bias's gradient: got relative error %.2e, want at most 1e-6", e)
		}
	})
}

func BenchmarkWinograd(b *testing.B) {
	for _, s := range []convShape{
		{96, 16, 16, 32, 32, 3, 1, 1}, {96, 32, 32, 32, 32, 3, 1, 1}, {96, 64, 64, 16, 16, 3, 1, 1},
		{96, 128, 128, 8, 8, 3, 1, 1},
	} {
		for _, dtype := range []int8{torch.BFloat16, torch.Float} {
			for _, fast := range []bool{false, true} {
				b.Run(fmt.Sprintf("%v/dtype=%d/fast=%v", s, dtype, fast), func(b *testing.B) {
					withFastKernels(fast, func() {
						for b.Loop() {
							torch.Scope(func() { s.run(dtype) })
						}
					})
				})
			}
		}
	}
}
