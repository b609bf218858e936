package train

import (
	"fmt"

	"augmix/eval"
	"augmix/run"
	"augmix/weights"
)

// checkpointToResume reads the checkpoint to go on from; nil begins anew.
func (t *trainer) checkpointToResume() (*run.Checkpoint, error) {
	switch t.Resume {
	case "none":
		return nil, nil
	case "auto":
		newest, damaged, err := t.folder.Newest()
		for _, d := range damaged {
			t.say("passing over a damaged checkpoint: %v", d)
		}
		return newest, err
	}
	f, err := weights.Read(t.Resume)
	if err != nil {
		return nil, err
	}
	return &run.Checkpoint{Path: t.Resume, File: f}, nil
}

// adopt checks that the run can go on from a checkpoint with today's flags, and takes its thread count: another one
// would change the weights' last bits.
func (t *trainer) adopt(c *run.Checkpoint) error {
	text, ok := c.File.Metadata[metaConfig]
	if !ok {
		return &CheckpointError{c.Path, "it holds no run's configuration; to evaluate it use augmix eval --checkpoint"}
	}
	was, err := run.ParseConfig([]byte(text))
	if err != nil {
		return &CheckpointError{c.Path, err.Error()}
	}
	if max(was.Ranks, 1) != max(t.cfg.Ranks, 1) {
		t.say("%d ranks where there were %d: the order of the images stays; batch normalisation and the ranks' own draws differ",
			max(t.cfg.Ranks, 1), max(was.Ranks, 1))
		was.Threads = t.cfg.Threads // Each rank's part of the machine is another now.
	}
	if was.Threads != t.cfg.Threads {
		t.say("using %d threads, as the run began with", was.Threads)
		t.cfg.Threads = was.Threads
	}
	// Earlier programs wrote flags that the model does not have.
	for _, d := range run.Differences(eval.WithoutUnused(was), eval.WithoutUnused(t.cfg)) {
		if !d.Free && d.Flag == "batch-size" && was.BatchSizePerRank > 0 {
			return &ResumeError{fmt.Sprintf("cannot go on from %s: --batch-size-per-rank %d on %d ranks was a batch of %d images, and on %d ranks it is %d; "+
				"give --batch-size %d --learning-rate %v, which any number of ranks can share", c.Path,
				was.BatchSizePerRank, max(was.Ranks, 1), was.BatchSize, max(t.cfg.Ranks, 1), t.cfg.BatchSize, was.BatchSize, was.LearningRate)}
		}
		if !d.Free {
			return &ResumeError{fmt.Sprintf("cannot go on from %s: %v; leave that flag as it was, or choose another --save", c.Path, d)}
		}
	}
	return nil
}
