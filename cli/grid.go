package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"augmix/corrupt"
	"augmix/eval"
	"augmix/grid"
	"augmix/run"
	"augmix/train"
)

// gridRun is one run of --grid: its command line as it would be typed, parsed and decided.
type gridRun struct {
	grid.Run
	train *training
	state run.State
	eval  *evaluation // nil where the file asks for none
}

// gridOutcome is what --json says of a run of a grid.
type gridOutcome struct {
	Run                 string     `json:"run"`
	Dataset             string     `json:"dataset"` // and the next two: as the grid names them
	Model               string     `json:"model"`
	Method              string     `json:"method"`
	Seed                uint64     `json:"seed"`
	State               string     `json:"state"` // what was found, and after a run what was done
	CleanError          run.Number `json:"clean_error"`
	MeanCorruptionError run.Number `json:"mean_corruption_error"`
}

// refusedWithGrid are the flags that say, of one run, what the grid says of all.
var refusedWithGrid = []string{"dataset", "model", "method", "seed", "config", "resume", "evaluate"}

// runGrid trains and evaluates what the grid's file lists, one after another, and passes over what is done.
func (t *training) runGrid(c *call) error {
	if name := t.flags.firstGiven(refusedWithGrid...); name != "" {
		return usage("--%s is about one run, and --grid %s says it of each; leave it out", name, show(t.grid))
	}
	runs, err := t.planGrid()
	if err != nil {
		return err
	}
	log := newProgress(c.stderr, t.quiet)
	defer log.close()
	var outcomes []gridOutcome
	var failed []error
	for i, r := range runs {
		if t.dryRun {
			outcomes = append(outcomes, r.outcome(r.describe()))
			continue
		}
		done, err := r.do(c, log, fmt.Sprintf("run %d of %d, %s", i+1, len(runs), r.train.config.Save))
		outcomes = append(outcomes, r.outcome(done))
		switch {
		case is[*train.NonFiniteError](err) || is[*run.LockedError](err):
			// The others do not depend on it.
			log.say("%s: %v", r.train.config.Save, err)
			failed = append(failed, fmt.Errorf("%s: %w", r.train.config.Save, err))
		case err != nil:
			return fmt.Errorf("%s: %w", r.train.config.Save, err)
		}
	}
	log.close()
	if err := c.results(t.json, outcomes, func(w io.Writer) error { return writeGrid(w, outcomes) }); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d runs are not done: %w", len(failed), len(runs), errors.Join(failed...))
	}
	return nil
}

// evaluated tells whether the run's folder has the evaluation that the grid asks for.
func (r *gridRun) evaluated() bool {
	folder, err := run.Open(r.train.config.Save)
	if err != nil {
		return false
	}
	result, err := folder.Evaluation()
	if err != nil {
		return false
	}
	n := r.eval.config.LimitEval
	if trained, err := folder.TrainResult(); err == nil && n == 0 && r.train.config.LimitEval == 0 {
		n = trained.NExpected
	}
	return result.N >= n && r.eval.answeredBy(result)
}

// describe says how far the run is.
func (r *gridRun) describe() string {
	switch {
	case r.state.Phase == run.Absent:
		return "to do"
	case r.state.Phase != run.Finished:
		return fmt.Sprintf("epoch %d of %d", r.state.Epoch, r.state.Epochs)
	case r.eval == nil:
		return "trained"
	case r.evaluated():
		return "trained and evaluated"
	}
	return "trained, to evaluate"
}

// do trains and evaluates the run as far as that is not done, and says what it did.
func (r *gridRun) do(c *call, log *progress, title string) (done string, err error) {
	done = "was done"
	if r.state.Phase != run.Finished {
		log.say("%s: training, %s", title, r.train.config.MethodText())
		// Its table would stand in the way of the grid's.
		if err := r.train.train(&call{stdout: io.Discard, stderr: c.stderr}); err != nil {
			return undone(err), err
		}
		done = "trained"
	}
	if r.eval != nil && !r.evaluated() {
		if err := r.evaluate(c, log, title); err != nil {
			return undone(err), err
		}
		done = strings.TrimPrefix(done+" and evaluated", "was done and ")
	}
	return done, nil
}

// evaluate locks the run, so that programs that share a grid do not all evaluate it.
func (r *gridRun) evaluate(c *call, log *progress, title string) error {
	lock, err := run.Lock(r.train.config.Save, "--save")
	if err != nil {
		return err
	}
	defer lock.Close()
	log.say("%s: evaluating", title)
	return r.eval.run(&call{args: []string{r.train.config.Save}, stdout: io.Discard, stderr: c.stderr})
}

// undone is the state of a run after an error.
func undone(err error) string {
	if is[*run.LockedError](err) {
		return "in use"
	}
	return "failed"
}

// outcome reads what is known of the run from its folder.
func (r *gridRun) outcome(state string) gridOutcome {
	out := gridOutcome{
		Run: r.train.config.Save, Dataset: r.Dataset, Model: r.Model, Method: r.Method, Seed: r.Seed, State: state,
		CleanError: run.None(), MeanCorruptionError: run.None(),
	}
	folder, err := run.Open(r.train.config.Save)
	if err != nil {
		return out
	}
	if result, err := folder.TrainResult(); err == nil {
		out.CleanError = run.Number(result.TestError)
	}
	if result, err := folder.Evaluation(); err == nil {
		if result.Clean != nil {
			out.CleanError = run.Number(result.Clean.Error)
		}
		if result.Corruption != nil {
			out.MeanCorruptionError = run.Number(result.Corruption.MeanError)
		}
	}
	return out
}

func writeGrid(w io.Writer, outcomes []gridOutcome) error {
	rate := func(n run.Number) string {
		if !n.Known() {
			return "–"
		}
		return fmt.Sprintf("%.2f", float64(n))
	}
	rows := []row{{"run", "state", "clean error %", "mean corruption error %"}}
	for _, o := range outcomes {
		rows = append(rows, row{o.Run, o.State, rate(o.CleanError), rate(o.MeanCorruptionError)})
	}
	return writeRows(w, rows, true)
}

// answeredBy tells whether a result measures what the flags ask for, or more; on how many images is another question.
func (e *evaluation) answeredBy(r run.Evaluation) bool {
	if slices.Contains(e.sets, "clean") && r.Clean == nil || r.Precision != e.config.Precision || r.N < r.NExpected {
		return false
	}
	if e.temperature != "" && r.Temperature == nil || e.resamples > 0 && r.Intervals == nil {
		return false
	}
	if slices.Contains(e.sets, "p") && !e.flipsAnsweredBy(r.Perturbation) || slices.Contains(e.sets, "fourier") && r.Fourier == nil {
		return false
	}
	if !slices.Contains(e.sets, "c") {
		return true
	}
	if r.Corruption == nil || e.cData == "generate" && strings.Contains(r.Corruption.Source, "published") {
		return false
	}
	names := e.only
	if len(names) == 0 {
		names = corrupt.Test()
	}
	for _, name := range names {
		if _, ok := r.Corruption.ByCorruption[name]; !ok {
			return false
		}
	}
	for _, severity := range e.severities {
		if !slices.Contains(r.Corruption.Severities, severity) {
			return false
		}
	}
	return true
}

// flipsAnsweredBy is answeredBy of perturbation sequences.
func (e *evaluation) flipsAnsweredBy(p *run.Perturbation) bool {
	if p == nil || e.flipNorm != nil && p.NormalisedBy != e.flipNorm.From {
		return false
	}
	names := e.perturbations
	if len(names) == 0 {
		names = eval.DefaultPerturbations()
	}
	for _, name := range names {
		if _, ok := p.ByPerturbation[name]; !ok {
			return false
		}
	}
	return true
}
