package report

import (
	"fmt"

	"augmix/run"
)

// loadEval fills r with the run's evaluation.
func (r *Run) loadEval(f *run.Folder) error {
	command := "augmix eval " + f.Dir()
	e, err := f.Evaluation()
	if err != nil {
		return missing(f, err, "results/eval.json", command)
	}
	if e.Clean == nil || e.Corruption == nil || len(e.Corruption.ByCorruption) == 0 {
		return fmt.Errorf("%s lacks clean or corruption errors, run `%s --sets clean,c` first", f.Path("results/eval.json"), command)
	}
	if len(e.Checkpoints) > 0 {
		r.Checkpoint = e.Checkpoints[0]
	}
	r.N, r.Precision, r.Source = e.N, e.Precision, e.Corruption.Source
	r.Clean, r.Mean, r.Calibration = e.Clean.Error, e.Corruption.MeanError, e.Corruption.RMSCalibration
	r.Corruptions, r.Groups = e.Corruption.ByCorruption, e.Corruption.ByGroup
	return nil
}
