package train

import (
	"math"

	"augmix/run"
)

// leastRate is where the cosine ends (google-research/augmix, cifar.py: lr_lambda's 1e-6).
const leastRate = 1e-6

// cosine is the learning rate of step t of total, annealed at each step from rate to 1e-6 (cifar.py, get_lr).
func cosine(rate float64, t, total uint64) float64 {
	return leastRate + (rate-leastRate)*0.5*(1+math.Cos(math.Pi*float64(t)/float64(total)))
}

// Schedules lists the ways in which the learning rate falls.
func Schedules() []string { return []string{"cosine", "thirds"} }

// schedule is the learning rate of each step of a run.
type schedule struct {
	rate, warmRate float64
	warm, total    uint64 // Steps of the warm-up, and of the run.
	third          uint64 // Steps between two divisions by 10; 0 for the cosine.
}

func newSchedule(cfg run.Config, batches int) schedule {
	s := schedule{
		rate: cfg.LearningRate, warmRate: cfg.WarmupLR,
		warm: uint64(cfg.WarmupEpochs) * uint64(batches), total: uint64(cfg.Epochs) * uint64(batches),
	}
	if cfg.Schedule == "thirds" {
		s.third = uint64(max(cfg.Epochs/3, 1)) * uint64(batches)
	}
	return s
}

// at is the learning rate of step t, which counts from 0. A warm-up rises by the same amount each step (Goyal et al. 2017,
// section 2.2) and reaches the rate at its end, where the cosine begins. "thirds" divides the rate by 10 after a third of the
// epochs, rounded down, and again after two (google-research/augmix, imagenet.py, adjust_learning_rate).
func (s schedule) at(t uint64) float64 {
	switch {
	case t < s.warm:
		return s.warmRate + (s.rate-s.warmRate)*float64(t)/float64(s.warm)
	case s.third > 0:
		return s.rate * []float64{1, 0.1, 0.01}[min(t/s.third, 2)]
	}
	return cosine(s.rate, t-s.warm, s.total-s.warm)
}
