package cli

import (
	"strings"
	"testing"

	"augmix/ranks"
)

// TestBatchesOfRanks checks the batch of all ranks together and the learning rate that goes with it.
func TestBatchesOfRanks(t *testing.T) {
	for _, c := range []struct {
		line  string
		ranks int
		batch int
		rate  float64
		fails string // Words of the error.
	}{
		{"", 1, 128, 0.1, ""},
		{"", 3, 128, 0.1, ""},
		{"--batch-size 2", 2, 2, 0.1, ""},
		{"--batch-size 2", 3, 0, 0, "--batch-size 2: 3 processes"},
		{"--batch-size-per-rank 128", 1, 128, 0.1, ""},
		{"--batch-size-per-rank 128", 8, 1024, 0.8, ""},
		{"--batch-size-per-rank 32 --learning-rate 0.2", 2, 64, 0.1, ""},
		{"--batch-size-per-rank 32 --batch-size 32", 4, 128, 0.4, ""},
		{"--batch-size-per-rank 50000", 4, 0, 0, "--batch-size-per-rank 50000 4 processes"},
		{"--batch-size-per-rank 0", 4, 0, 0, "--batch-size-per-rank 0 from 1"},
	} {
		f := newFlags("augmix train")
		training := newTraining(f)
		_, err := f.parse(strings.Fields(c.line))
		training.world = ranks.World{Size: c.ranks, LocalSize: 1}
		if err == nil {
			err = training.decide()
		}
		if c.fails != "" {
			if err == nil || missingWord(err.Error(), c.fails) != "" {
				t.Errorf("%s on %d ranks: got error %v, want one with %q", c.line, c.ranks, err, c.fails)
			}
			continue
		}
		got := training.config
		if err != nil || got.BatchSize != c.batch || got.LearningRate != c.rate || max(got.Ranks, 1) != c.ranks {
			t.Errorf("%s on %d ranks: got a batch of %d at learning rate %v on %d ranks, %v, want %d at %v",
				c.line, c.ranks, got.BatchSize, got.LearningRate, got.Ranks, err, c.batch, c.rate)
		}
	}
}
