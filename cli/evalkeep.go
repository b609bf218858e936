package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

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

// keep writes an evaluation into its run's folder, joined with the one that is there: a look at a few images, or at one
// set, must not take the place of hours of work.
func keep(folder *run.Folder, result run.Evaluation, log *progress) error {
	path := folder.Path("results", run.EvalName+".json")
	var kept []string
	if before, err := folder.Evaluation(); err == nil {
		result, kept = join(before, result)
	}
	if len(kept) > 0 {
		log.say("%s keeps its %s, which measure more than this call; delete it to replace them", path, strings.Join(kept, " and "))
	}
	if err := folder.WriteEvaluation(result); err != nil {
		return err
	}
	log.say("wrote %s", path)
	return nil
}

// join returns, of two evaluations of a run, the parts that measure more, and names those of before that stand where
// after has some too. The clean and the corrupted images are one part, because one number of images is said of both;
// perturbations and the Fourier map are two more. Evaluations of different checkpoints or in different precisions are
// not mixed: the larger one is all there is.
func join(before, after run.Evaluation) (out run.Evaluation, kept []string) {
	together := before.Dataset == after.Dataset && before.Precision == after.Precision &&
		slices.EqualFunc(before.Checkpoints, after.Checkpoints, func(a, b string) bool { return filepath.Base(a) == filepath.Base(b) })
	out = after
	if images(before) > images(after) {
		out = before
		if images(after) > 0 || !together {
			kept = append(kept, "clean and corrupted images")
		}
	}
	if !together {
		return out, kept
	}
	out.Perturbation, out.Fourier = after.Perturbation, after.Fourier
	if sequences(before) > sequences(after) {
		out.Perturbation = before.Perturbation
		if after.Perturbation != nil {
			kept = append(kept, "perturbations")
		}
	}
	if disturbed(before) > disturbed(after) {
		out.Fourier = before.Fourier
		if after.Fourier != nil {
			kept = append(kept, "Fourier map")
		}
	}
	return out, kept
}

// images counts the clean and corrupted images that an evaluation classified.
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

// sequences counts those of perturbed images.
func sequences(e run.Evaluation) int {
	if e.Perturbation == nil {
		return 0
	}
	return e.Perturbation.Sequences * len(e.Perturbation.ByPerturbation)
}

// disturbed counts the images that the Fourier map is of.
func disturbed(e run.Evaluation) int {
	if e.Fourier == nil {
		return 0
	}
	return e.Fourier.N * e.Fourier.Side * e.Fourier.Side
}
