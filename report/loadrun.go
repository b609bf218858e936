package report

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"augmix/run"
)

// Run is one run's part of a Summary. What the run's folder lacks is nil.
type Run struct {
	Name    string           `json:"name"`
	Dir     string           `json:"dir"`
	Config  run.Config       `json:"config"`
	Env     *run.Env         `json:"-"`
	Train   *run.TrainResult `json:"train,omitempty"`
	Log     []run.Row        `json:"-"`
	Metrics []metric         `json:"-"`
	Eval    *run.Evaluation  `json:"evaluation,omitempty"`
	Fourier string           `json:"fourier_picture,omitempty"` // of a map that Eval does not hold
	Files   []File           `json:"files"`                     // those that the report was made from
	Missing []Gap            `json:"-"`                         // the Summary has those of all runs
}

// File is a file that a report was made from.
type File struct {
	Name   string `json:"name"` // below the run's folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// loadRun reads what a report says of one run. A file that is absent, half written
// or not what its name says becomes a Gap; only without a configuration there is
// nothing to say.
func loadRun(f *run.Folder) (Run, error) {
	r := Run{Dir: f.Dir()}
	var err error
	if r.Config, err = f.Config(); err != nil {
		return Run{}, err
	}
	if env, err := f.Env(); err == nil {
		r.Env = &env
	} else {
		r.lacks("env.json", err, "versions and the command are not known", r.trainAgain())
	}
	if train, err := f.TrainResult(); err == nil {
		r.Train = &train
	} else if errors.Is(err, fs.ErrNotExist) {
		r.Missing = append(r.Missing, gap("training is not finished", r.goOn()))
	} else {
		r.lacks("results/train.json", err, "delete it", r.goOn())
	}
	if r.Log, err = f.ReadLog(); err == nil && slices.ContainsFunc(r.Log, not(soundRow)) {
		err = errors.New("losses or errors are out of range")
	}
	if err != nil {
		r.Log = nil
		r.lacksCurves("training_log.csv", err, "there are no training curves")
	}
	if r.Metrics, err = readMetrics(f.Dir()); err != nil {
		r.lacksCurves("metrics.jsonl", err, "there are no curves of the training error, the learning rate and calibration")
	}
	r.loadEvaluation(f)
	r.digest()
	return r, nil
}

// loadEvaluation fills r with the run's evaluation. What only adds to one is not asked for before there is one, nor one
// before the run is trained.
func (r *Run) loadEvaluation(f *run.Folder) {
	e, err := f.Evaluation()
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.Train == nil:
		return
	case errors.Is(err, fs.ErrNotExist):
		r.Missing = append(r.Missing, r.unevaluated("not evaluated yet", ""))
		return
	case err != nil:
		r.Missing = append(r.Missing, r.unevaluated(r.damaged("results/eval.json", err)+"; there are no errors and no calibration", ""))
		return
	}
	for _, problem := range check(&e) {
		r.Missing = append(r.Missing, r.unevaluated("results/eval.json: "+problem, ""))
	}
	r.Eval = &e
	switch {
	case e.Clean == nil && e.Corruption == nil:
		r.Missing = append(r.Missing, r.unevaluated("no clean and corruption errors, no calibration", ""))
	case e.Clean == nil:
		r.Missing = append(r.Missing, r.unevaluated("no clean error", ""))
	case e.Corruption == nil:
		r.Missing = append(r.Missing, r.unevaluated("no corruption errors", ""))
	}
	if e.Perturbation == nil {
		r.Missing = append(r.Missing, r.unevaluated("no flip probabilities", "p"))
	}
	if picture := f.Path("results", "fourier.png"); e.Fourier == nil && exists(picture) {
		r.Fourier = picture
	} else if e.Fourier == nil {
		r.Missing = append(r.Missing, r.unevaluated("no Fourier map", "fourier"))
	}
}

// digest lists the files that the report is made from.
func (r *Run) digest() {
	for _, name := range []string{"config.json", "env.json", "training_log.csv", "metrics.jsonl", "results/train.json", "results/eval.json"} {
		text, err := os.ReadFile(filepath.Join(r.Dir, name))
		if err != nil {
			continue // Its absence is among the Missing.
		}
		r.Files = append(r.Files, File{name, int64(len(text)), fmt.Sprintf("%x", sha256.Sum256(text))})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
