package methods

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// losses is testdata/losses.json, which testdata/losses.py makes.
type losses struct {
	Augmix []struct {
		lossAndGradient
		Views     int
		CEAll     bool `json:"ce_all"`
		Smoothing float64
		Weight    float64
	}
	Mixed []struct {
		lossAndGradient
		Share, Smoothing float64
	}
}

type lossAndGradient struct {
	Loss     float64
	Gradient []float64
}

// lossLogits are the logits of losses.py, [views·3, 5].
func lossLogits(views int) torch.Tensor {
	var values []float32
	for row := range views * 3 {
		for k := range 5 {
			values = append(values, float32(3*math.Sin(float64(1+7*row+3*k))))
		}
	}
	x := torch.FromFloat32(values, int64(views*3), 5)
	x.SetRequiresGrad(true)
	return x
}

func (want lossAndGradient) check(t *testing.T, m Method, x torch.Tensor, y Targets) {
	t.Helper()
	loss := m.Loss(x, y)
	loss.Backward()
	if got := loss.Float64(); math.Abs(got-want.Loss) > 1e-5*want.Loss {
		t.Errorf("got loss %v, want %v", got, want.Loss)
	}
	for i, got := range x.Grad().Float32s() {
		if math.Abs(float64(got)-want.Gradient[i]) > 1e-5 {
			t.Errorf("gradient %d: got %v, want %v", i, got, want.Gradient[i])
		}
	}
}

// AugMix's loss of 2 to 5 views, of the clean view's cross-entropy and of all, and smoothed labels, alone and of mixed
// images, equal PyTorch's to rounding, gradients too.
func TestLossParity(t *testing.T) {
	text, err := os.ReadFile("testdata/losses.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden losses
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/losses.json: %v", err)
	}
	if len(golden.Augmix) < 6 || len(golden.Mixed) < 4 {
		t.Fatal("testdata/losses.json lacks cases")
	}
	labels, others := []int64{4, 0, 2}, []int64{1, 0, 3}
	for _, c := range golden.Augmix {
		torch.Scope(func() {
			cfg := config("augmix")
			cfg.Views, cfg.JSDWeight, cfg.CEViews = c.Views, c.Weight, "clean"
			if c.CEAll {
				cfg.CEViews = "all"
			}
			m, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, y := m.Batch(Batch{Labels: torch.FromInt64(labels, 3), LabelSmoothing: c.Smoothing})
			c.check(t, m, lossLogits(c.Views), y)
		})
	}
	for _, c := range golden.Mixed {
		torch.Scope(func() {
			d := NewDraws(3, goldenW, goldenH, torch.EmptyOf)
			d.setShare(c.Share)
			copy(d.order.MemoryInt64(), []int64{0, 1, 2})
			images := torch.FromFloat32(goldenPixels(3), 3, goldenH, goldenW, 3)
			b := Batch{Images: images.Permute([]int64{0, 3, 1, 2}), Labels: torch.FromInt64(labels, 3), Draws: d, LabelSmoothing: c.Smoothing}
			_, y := mixup{}.Batch(b)
			y.Others = torch.FromInt64(others, 3)
			c.check(t, mixup{}, lossLogits(1), y)
		})
	}
}

// A method that draws for a step says so: what it writes must go to where the step reads it.
func TestMixesTellsWhoDraws(t *testing.T) {
	for _, name := range Names() {
		method, err := New(config(name))
		if err != nil {
			t.Fatal(err)
		}
		torch.Scope(func() {
			r := rng.Named("draws", 1)
			before := r
			method.Draw(NewDraws(3, goldenW, goldenH, torch.EmptyOf), 3, &r)
			if drew := r != before; drew != method.Mixes() {
				t.Errorf("%s: draws for a step: %v, Mixes says %v", name, drew, method.Mixes())
			}
		})
	}
}
