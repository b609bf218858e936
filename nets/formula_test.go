package nets

import (
	"hash/fnv"
	"math"
	"strings"
	"testing"

	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// The Go half of scripts/parity/formula.py, whose text defines all of this: weights and batches as functions of names
// and positions, so that PyTorch and these networks start from the same numbers without exchanging a file.

func fnv1a64(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

func splitmix64(x uint64) uint64 {
	z := x + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit is in [-1, 1). The product is exact, so fusing it with the difference would change nothing.
func unit(hash uint64) float64 { return float64(hash>>11)*0x1p-53*2 - 1 }

// formulaTensor returns the float32 values of the state-dict tensor called name.
func formulaTensor(t *testing.T, name string, shape []int64, bnBias float64) []float32 {
	t.Helper()
	n := int64(1)
	for _, s := range shape {
		n *= s
	}
	parts := strings.Split(name, ".")
	isBN := len(parts) > 1 && strings.HasPrefix(parts[len(parts)-2], "bn")
	var value func(u float64) float64
	switch {
	case strings.HasSuffix(name, "running_mean"):
		value = func(u float64) float64 { return 0.1 * u }
	case strings.HasSuffix(name, "running_var"):
		value = func(u float64) float64 { return 1 + float64(0.1*math.Abs(u)) }
	case len(shape) == 4:
		scale := math.Sqrt(3) * math.Sqrt(2/float64(shape[2]*shape[3]*shape[0]))
		value = func(u float64) float64 { return scale * u }
	case len(shape) == 2:
		scale := 1 / math.Sqrt(float64(shape[1]))
		value = func(u float64) float64 { return scale * u }
	case len(shape) == 1 && strings.HasSuffix(name, "weight"):
		value = func(u float64) float64 { return 1 + float64(0.1*u) }
	case len(shape) == 1 && strings.HasSuffix(name, "bias"):
		if !isBN {
			bnBias = 0
		}
		value = func(u float64) float64 { return bnBias + float64(0.1*u) }
	default:
		t.Fatalf("the formula has no rule for %s of shape %v", name, shape)
	}
	start := fnv1a64(name)
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(value(unit(splitmix64(start + uint64(i)))))
	}
	return out
}

// formulaPixels returns count images of side×side RGB, NHWC, in [0, 1).
func formulaPixels(name string, count, side int) []float32 {
	start := fnv1a64(name)
	out := make([]float32, count*side*side*3)
	for i := range out {
		out[i] = float32(splitmix64(start+uint64(i))>>40) / (1 << 24)
	}
	return out
}

// formulaLabels returns 0…9, 0…9, ….
func formulaLabels(count int) []int64 {
	out := make([]int64, count)
	for i := range out {
		out[i] = int64(i % 10)
	}
	return out
}

// sampleIndices returns which elements of a tensor of n elements the golden file has.
func sampleIndices(name string, n int) [8]int {
	start := fnv1a64("sample." + name)
	var out [8]int
	for i := range out {
		out[i] = int(splitmix64(start+uint64(i)) % uint64(n))
	}
	return out
}

// images returns the batch called name, 32×32, as the trainer gives it to a network: NCHW, lying in memory as NHWC.
func images(name string, count int) torch.Tensor { return imagesOf(name, count, 32) }

// imagesOf is images of side×side.
func imagesOf(name string, count, side int) torch.Tensor {
	x := torch.FromFloat32(formulaPixels(name, count, side), int64(count), int64(side), int64(side), 3)
	return x.Permute([]int64{0, 3, 1, 2})
}

// newFormulaNet builds a network with the formula's weights, given to it as a checkpoint. It lives until the test ends.
func newFormulaNet(t *testing.T, cfg Config, bnBias float64) *Net {
	t.Helper()
	n := mustNew(t, cfg, 1)
	var tensors []weights.Tensor
	for _, w := range n.Tensors() {
		if w.Name == "mu" || w.Name == "sigma" {
			continue
		}
		if strings.HasSuffix(w.Name, ".filt") {
			tensors = append(tensors, w) // BlurPool's filter is part of its definition.
			continue
		}
		tensors = append(tensors, float32Tensor(w.Name, w.Shape, formulaTensor(t, w.Name, w.Shape, bnBias)))
	}
	if err := n.Load(tensors); err != nil {
		t.Fatal(err)
	}
	return n
}

// The values come from scripts/parity/formula.py.
func TestFormula(t *testing.T) {
	if got, want := fnv1a64("conv1.weight"), uint64(0x69a29a2cee47d254); got != want {
		t.Errorf("hash of a name: got %#x, want %#x", got, want)
	}
	for _, c := range []struct {
		name  string
		shape []int64
		bias  float64
		want  [2]float32
	}{
		{"block1.layer.0.bn1.running_mean", []int64{16}, 0, [2]float32{-0.0398732424, 0.0362752229}},
		{"block1.layer.0.bn1.running_var", []int64{16}, 0, [2]float32{1.01874375, 1.07053363}},
		{"conv1.weight", []int64{16, 3, 3, 3}, 0, [2]float32{0.018401783, 0.122712642}},
		{"fc.weight", []int64{10, 128}, 0, [2]float32{-0.00271426234, 0.079190582}},
		{"bn1.weight", []int64{128}, 0, [2]float32{0.972040832, 1.04840064}},
		{"block2.layer.3.bn2.bias", []int64{64}, 3, [2]float32{2.91761661, 3.09883642}},
		{"fc.bias", []int64{10}, 3, [2]float32{-0.00446973881, -0.0950497091}},
	} {
		got := formulaTensor(t, c.name, c.shape, c.bias)
		if n := len(got); got[0] != c.want[0] || got[n-1] != c.want[1] {
			t.Errorf("%s: got first %v and last %v, want %v", c.name, got[0], got[n-1], c.want)
		}
	}
	pixels := formulaPixels("input", 2, 32)
	if got, want := [2]float32{pixels[0], pixels[len(pixels)-1]}, ([2]float32{0.097818315, 0.350655198}); got != want {
		t.Errorf("pixels: got first and last %v, want %v", got, want)
	}
	if got, want := sampleIndices("fc.weight", 1280), ([8]int{353, 1186, 570, 479, 728, 305, 868, 461}); got != want {
		t.Errorf("sampled elements: got %v, want %v", got, want)
	}
}
