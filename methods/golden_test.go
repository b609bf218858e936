package methods

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"augmix/pixel"

	torch "github.com/wangkuiyi/gotorch"
)

// golden is testdata/golden.json, which testdata/golden.py makes.
type golden struct {
	Cutout []struct {
		Length, X, Y int
		Pixels       []float64
	}
	Mixup  []mixture
	Cutmix []mixture
	Patch  []struct {
		Side, X, Y int
		Noise      []float64
		Pixels     []float64
	}
	Attack []struct {
		Epsilon, Step float64
		Steps         int
		Pixels        []float64
	}
}

type mixture struct {
	Share, Kept, Loss, Wrong float64
	X, Y                     int
	Pixels                   []float64
}

// What golden.py calls W, H, LABELS, ORDER and LOGITS.
const (
	goldenW = 7
	goldenH = 5
)

var (
	goldenLabels = []int64{2, 0, 3, 1, 0}
	goldenOrder  = []int64{3, 0, 4, 2, 1}
	goldenLogits = []float32{0.5, -1, 2, 0.1, 1.5, 0.3, -0.7, 0, -0.2, 0.8, 0.4, 1.1, 0, -0.5, 0.9, -1.3, 2.2, 0.6, 0.1, -0.4}
)

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatalf("testdata/golden.json: %v", err)
	}
	if len(g.Cutout) < 5 || len(g.Mixup) < 4 || len(g.Cutmix) < 5 || len(g.Patch) < 5 || len(g.Attack) < 4 {
		t.Fatal("testdata/golden.json lacks cases")
	}
	return g
}

func goldenPixels(images int) []float32 {
	each := goldenW * goldenH * 3
	out := make([]float32, images*each)
	for i := range images {
		pixel.Float32s(out[i*each:(i+1)*each], inputImage("noise", goldenW, goldenH, uint64(i)))
	}
	return out
}

// goldenBatch is the batch of golden.py, with draws that hold its order.
func goldenBatch() Batch {
	images := torch.FromFloat32(goldenPixels(5), 5, goldenH, goldenW, 3)
	d := NewDraws(6, goldenW, goldenH, torch.EmptyOf) // One more than the batch has.
	copy(d.order.MemoryInt64(), goldenOrder)
	return Batch{Images: images.Permute([]int64{0, 3, 1, 2}), Labels: torch.FromInt64(goldenLabels, 5), Draws: d}
}

// within reports the largest difference from golden values, which may be at most 1e-6.
func within(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d values, want %d", what, len(got), len(want))
		return
	}
	worst := 0.0
	for i := range got {
		worst = math.Max(worst, math.Abs(float64(got[i])-want[i]))
	}
	if !(worst <= 1e-6) {
		t.Errorf("%s: differs by up to %g, want at most 1e-6", what, worst)
	}
}

func TestCutoutParity(t *testing.T) {
	for i, c := range readGolden(t).Cutout {
		got := goldenPixels(1)
		cutout{length: c.Length, fill: [3]float32{0.5, 0.25, 0.75}}.cover(got, goldenW, goldenH, 3, c.X, c.Y)
		within(t, "cutout "+string(rune('0'+i)), got, c.Pixels)
	}
}

func TestPatchUniformParity(t *testing.T) {
	for i, c := range readGolden(t).Patch {
		got := goldenPixels(1)
		noise := c.Noise
		addNoise(got, goldenW, 3, patch(c.X, c.Y, c.Side, goldenW, goldenH), func() float64 {
			next := noise[0]
			noise = noise[1:]
			return next
		})
		if len(noise) > 0 {
			t.Errorf("patch %d: %d draws are left", i, len(noise))
		}
		within(t, "patch "+string(rune('0'+i)), got, c.Pixels)
	}
}

func TestMixupParity(t *testing.T) {
	torch.Scope(func() {
		for _, c := range readGolden(t).Mixup {
			b := goldenBatch()
			b.Draws.setShare(c.Share)
			checkMixture(t, "mixup", mixup{}, b, c)
		}
	})
}

func TestCutMixParity(t *testing.T) {
	torch.Scope(func() {
		for _, c := range readGolden(t).Cutmix {
			b := goldenBatch()
			area := cutMixBox(c.Share, c.X, c.Y, goldenW, goldenH)
			b.Draws.setMask(area)
			kept := 1 - float64(area.area())/(goldenW*goldenH)
			if math.Abs(kept-c.Kept) > 1e-6 {
				t.Errorf("cutmix %v at (%d, %d): the own share is %v, want %v", c.Share, c.X, c.Y, kept, c.Kept)
			}
			b.Draws.setShare(kept)
			checkMixture(t, "cutmix", cutMix{}, b, c)
		}
	})
}

// checkMixture compares a mixed batch, its loss and its error count.
func checkMixture(t *testing.T, what string, m Method, b Batch, want mixture) {
	t.Helper()
	x, y := m.Batch(b)
	within(t, what, values(x), want.Pixels)
	if !x.IsChannelsLast() {
		t.Errorf("%s: the mixed images do not lie as NHWC", what)
	}
	logits := torch.FromFloat32(goldenLogits, 5, 4)
	if got := m.Loss(logits, y).Float64(); math.Abs(got-want.Loss) > 1e-6 {
		t.Errorf("%s %v: got loss %v, want %v", what, want.Share, got, want.Loss)
	}
	if got := y.Wrong(logits).Float64(); math.Abs(got-want.Wrong) > 1e-6 {
		t.Errorf("%s %v: got %v wrong, want %v", what, want.Share, got, want.Wrong)
	}
}

// The attack equals one that is written with min and max around the clean images, on a linear network whose gradient
// is nowhere near 0.
func TestAttackParity(t *testing.T) {
	torch.Scope(func() {
		each := goldenW * goldenH * 3
		weight := make([]float32, each*4)
		for i := range each {
			for k := range 4 {
				weight[i*4+k] = float32(math.Cos(float64(1 + 7*k + 3*i)))
			}
		}
		matrix := torch.FromFloat32(weight, int64(each), 4)
		start := make([]float32, 5*each)
		for i := range start {
			start[i] = float32(math.Sin(float64(2 + 5*i)))
		}
		for _, c := range readGolden(t).Attack {
			b := goldenBatch()
			b.Forward = func(x torch.Tensor) torch.Tensor {
				last := x.Permute([]int64{0, 2, 3, 1})
				flat := torch.Flatten(last, 1, 3)
				return torch.MM(flat, matrix)
			}
			noise := torch.FromFloat32(start, 5, goldenH, goldenW, 3)
			x := adversarial{epsilon: c.Epsilon, step: c.Step, steps: c.Steps}.attack(b, noise.MulScalar(c.Epsilon))
			within(t, "attack", values(x), c.Pixels)
		}
	})
}
