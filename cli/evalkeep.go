package cli

import (
	"fmt"

	"augmix/data"
	"augmix/run"
)

// complete returns an *data.Error where images are missing from a result: it is
// shown, but a command that gave it did not do what it was asked for.
func complete(r run.Evaluation) error {
	if r.N == r.NExpected {
		return nil
	}
	return &data.Error{Kind: data.Invalid, Path: r.Checkpoints[0],
		Reason: fmt.Sprintf("the result is about %d of %d images, because the others could not be read", r.N, r.NExpected),
		Remedy: "It is not written into the run's folder. Put the files right and evaluate again."}
}

// keep writes an evaluation into its run's folder, unless a larger one is there: a
// look at a few images must not take the place of hours of work.
func keep(folder *run.Folder, result run.Evaluation, log *progress) error {
	path := folder.Path("results", run.EvalName+".json")
	if before, err := folder.Evaluation(); err == nil && images(before) > images(result) {
		log.say("%s is kept: it measures more than this call; delete it to replace it", path)
		return nil
	}
	if err := folder.WriteEvaluation(result); err != nil {
		return err
	}
	log.say("wrote %s", path)
	return nil
}

// images counts the images that an evaluation classified.
func images(e run.Evaluation) int {
	sets := 0
	if e.Clean != nil {
		sets++
	}
	if e.Corruption != nil {
		for _, c := range e.Corruption.ByCorruption {
			sets += len(c.Severity)
		}
	}
	return sets * e.N
}
