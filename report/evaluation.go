package report

import (
	"fmt"

	"augmix/run"
)

// evaluation is what a report reads of results/eval.json, as `augmix eval
// --json` writes it.
type evaluation struct {
	Checkpoints []string `json:"checkpoints"`
	N           int      `json:"n"`
	Precision   string   `json:"precision"`
	Clean       *struct {
		Error float64 `json:"error"`
	} `json:"clean"`
	Corruption *struct {
		MeanError      float64               `json:"mean_error"`
		RMSCalibration float64               `json:"rms_calibration"`
		Source         string                `json:"source"`
		ByCorruption   map[string]Corruption `json:"by_corruption"`
	} `json:"corruption"`
}

// loadEval fills r with the run's evaluation.
func (r *Run) loadEval(f *run.Folder) error {
	var e evaluation
	command := "augmix eval " + f.Dir()
	if err := f.ReadResult(evalName, &e); err != nil {
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
	r.Corruptions = e.Corruption.ByCorruption
	r.Groups = byGroup(r.Corruptions)
	return nil
}
