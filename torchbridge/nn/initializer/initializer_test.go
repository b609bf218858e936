package initializer_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// PyTorch's first normal draw after manual_seed(1).
func TestManualSeed(t *testing.T) {
	torch.Scope(func() {
		initializer.ManualSeed(1)
		first := torch.RandN([]int64{1}, false)
		if got, want := first.Item(), float32(0.66135216); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		initializer.ManualSeed(1)
		if again := torch.RandN([]int64{1}, false); !torch.Equal(first, again) {
			t.Errorf("the same seed gave %v and %v", first, again)
		}
	})
}

// moments returns the mean, the standard deviation and the extremes.
func moments(x []float32) (mean, deviation float64, least, most float32) {
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	for _, v := range x {
		deviation += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	return mean, math.Sqrt(deviation), slices.Min(x), slices.Max(x)
}

func TestDistributions(t *testing.T) {
	shape := []int64{64, 16, 3, 3} // 144 inputs, 576 outputs, 9216 elements.
	for _, c := range []struct {
		name            string
		fill            func(w *torch.Tensor)
		mean, deviation float64
		bound           float64 // 0 for a normal distribution.
	}{
		{"Normal", func(w *torch.Tensor) { initializer.Normal(w, 3, 0.5) }, 3, 0.5, 0},
		{"Uniform", func(w *torch.Tensor) { initializer.Uniform(w, -1, 3) }, 1, 2 / math.Sqrt(3), 2},
		{"Zeros", initializer.Zeros, 0, 0, 0},
		{"Ones", initializer.Ones, 1, 0, 0},
		{"KaimingNormal", func(w *torch.Tensor) { initializer.KaimingNormal(w, 0, "fan_in", "relu") }, 0, math.Sqrt(2.0 / 144), 0},
		{"KaimingNormal, leaky", func(w *torch.Tensor) { initializer.KaimingNormal(w, 1, "fan_out", "leaky_relu") }, 0, math.Sqrt(1.0 / 576), 0},
		{"KaimingUniform", func(w *torch.Tensor) { initializer.KaimingUniform(w, math.Sqrt(5), "fan_in", "leaky_relu") },
			0, math.Sqrt(1.0 / 3 / 144), math.Sqrt(1.0 / 144)},
		{"KaimingUniform, tanh", func(w *torch.Tensor) { initializer.KaimingUniform(w, 0, "fan_in", "tanh") },
			0, 5.0 / 3 / 12, math.Sqrt(3) * 5 / 3 / 12},
		{"KaimingUniform, linear", func(w *torch.Tensor) { initializer.KaimingUniform(w, 0, "fan_out", "linear") },
			0, 1.0 / 24, math.Sqrt(3) / 24},
	} {
		torch.Scope(func() {
			initializer.ManualSeed(2)
			w := torch.Empty(shape, true) // A leaf that autograd follows may be filled.
			c.fill(&w)
			mean, deviation, least, most := moments(w.Float32s())
			if math.Abs(mean-c.mean) > 0.05*c.deviation+1e-9 || math.Abs(deviation-c.deviation) > 0.03*c.deviation+1e-9 {
				t.Errorf("%s: got mean %.4g and deviation %.4g, want %.4g and %.4g", c.name, mean, deviation, c.mean, c.deviation)
			}
			low, high := c.mean-c.bound, c.mean+c.bound
			if c.bound > 0 && (float64(least) < low*1.000001 || float64(most) > high*1.000001 || float64(most) < high-0.02*c.bound) {
				t.Errorf("%s: got values from %v to %v, want %v to %v", c.name, least, most, low, high)
			}
			if !w.RequiresGrad() {
				t.Errorf("%s: the weight stopped to require gradients", c.name)
			}
		})
	}
}

func TestFans(t *testing.T) {
	torch.Scope(func() {
		for _, c := range []struct {
			shape   []int64
			in, out int64
		}{{[]int64{10, 128}, 128, 10}, {[]int64{64, 16, 3, 3}, 144, 576}, {[]int64{8, 2, 1, 1}, 2, 8}} {
			if in, out := initializer.CalculateFanInAndFanOut(torch.Empty(c.shape, false)); in != c.in || out != c.out {
				t.Errorf("%v: got %d and %d, want %d and %d", c.shape, in, out, c.in, c.out)
			}
		}
	})
}

func TestErrors(t *testing.T) {
	torch.Scope(func() {
		var undefined torch.Tensor
		vector, matrix := torch.Empty([]int64{3}, false), torch.Empty([]int64{3, 3}, false)
		for name, c := range map[string]struct {
			run func()
			msg string
		}{
			"a fan of a vector":         {func() { initializer.CalculateFanInAndFanOut(vector) }, "two dimensions"},
			"an unknown fan mode":       {func() { initializer.KaimingNormal(&matrix, 0, "fan", "relu") }, `"fan"`},
			"an unknown non-linearity":  {func() { initializer.KaimingUniform(&matrix, 0, "fan_in", "gelu") }, `"gelu"`},
			"a negative deviation":      {func() { initializer.Normal(&matrix, 0, -1) }, "std"},
			"an empty interval":         {func() { initializer.Uniform(&matrix, 1, 0) }, "from"},
			"zeros in no tensor at all": {func() { initializer.Zeros(&undefined) }, "undefined"},
		} {
			if err := torch.Maybe(c.run); err == nil || !strings.Contains(err.Error(), c.msg) {
				t.Errorf("%s: got error %v, want one that says %q", name, err, c.msg)
			}
		}
	})
}
