package train

import (
	"math"
	"testing"

	"augmix/run"
)

// The cosine's end points and middle follow from the formula of cifar.py: the middle is the mean of both ends. The steps
// are those of imagenet.py: 90 epochs have thirds of 30, 100 of 33; the warm-up is a straight line.
func TestSchedule(t *testing.T) {
	const batches = 10
	config := func(epochs int, schedule string, warm int) run.Config {
		return run.Config{Epochs: epochs, LearningRate: 0.1, Schedule: schedule, WarmupEpochs: warm, WarmupLR: 0.02}
	}
	for _, c := range []struct {
		cfg  run.Config
		step uint64
		want float64
	}{
		{config(10, "", 0), 0, 0.1},
		{config(10, "", 0), 50, (0.1 + 1e-6) / 2},
		{config(10, "", 0), 100, 1e-6},
		{config(10, "", 0), 25, 1e-6 + (0.1-1e-6)*(2+math.Sqrt2)/4},
		{config(12, "", 2), 0, 0.02},
		{config(12, "", 2), 5, 0.04},
		{config(12, "", 2), 19, 0.096},
		{config(12, "", 2), 20, 0.1},
		{config(12, "", 2), 70, (0.1 + 1e-6) / 2},
		{config(12, "", 2), 120, 1e-6},
		{config(90, "thirds", 0), 299, 0.1},
		{config(90, "thirds", 0), 300, 0.01},
		{config(90, "thirds", 0), 599, 0.01},
		{config(90, "thirds", 0), 600, 0.001},
		{config(100, "thirds", 0), 329, 0.1},
		{config(100, "thirds", 0), 330, 0.01},
		{config(100, "thirds", 0), 999, 0.001},
		{config(90, "thirds", 5), 25, 0.06},
		{config(90, "thirds", 5), 50, 0.1},
		{config(90, "thirds", 5), 300, 0.01},
		{config(1, "thirds", 0), 9, 0.1},
	} {
		if got := newSchedule(c.cfg, batches).at(c.step); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d epochs, schedule %q, %d of warm-up, step %d: got %v, want %v", c.cfg.Epochs, c.cfg.Schedule,
				c.cfg.WarmupEpochs, c.step, got, c.want)
		}
	}
}
