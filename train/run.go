package train

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"augmix/data"
	"augmix/eval"
	"augmix/ranks"
	"augmix/run"
	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// Options is what Run trains with.
type Options struct {
	Config  run.Config // Complete: Resolve has decided what was open.
	Resume  string     // none, auto, or a checkpoint file.
	Train   data.Dataset
	Test    data.Dataset // Logged after each epoch; it never decides anything.
	Log     io.Writer    // Messages for the person who waits.
	Stop    <-chan os.Signal
	Version string
	Ranks   ranks.World // This process among those that train together; the zero value is one alone.
	// Timeout is how long a rank waits for others; 0 is DefaultTimeout. Lost ends the process when another one is gone and this
	// one hangs in a call that waits for it; nil where it may hang.
	Timeout time.Duration
	Lost    func(error)

	Progress func(Status) // Called now and then; may be nil.
}

// Status is how far training has come.
type Status struct {
	Epoch, Epochs int     // Epoch counts from 1.
	Step, Steps   int     // Of the epoch.
	Loss          float64 // Mean of the epoch so far.
	Error         float64 // Of the training images in the epoch so far, percent.
	Rate          float64 // Clean images a second since the start, evaluation left out.
	Waited        float64 // Part of that time spent waiting for data, 0 to 1.
	Left          time.Duration
}

// trainer is a run in progress.
type trainer struct {
	Options
	cfg    run.Config
	every  Every
	folder *run.Folder
	log    *run.Log
	metric *run.Records
	events *run.Events
	bad    *data.BadSamples // Nil where a sample that cannot be read is an error,
	badLog *run.Records     // and so is this.

	machine  *machine
	pipeline *data.Pipeline
	company  *company
	// predictor evaluates. On CUDA it is kept from epoch to epoch, with the test images and its graphs on the device.
	predictor *eval.Predictor
	held      data.Dataset // The held-out images; nil without --val-split.
	// What this rank evaluates of Test and held.
	testPart, heldPart data.Dataset

	train   data.Dataset
	batches int // Steps an epoch.
	rate    schedule
	pos     position
	saved   time.Time // When the last checkpoint was saved.
	savedAt uint64    // Its step.

	started     time.Time
	startStep   uint64
	evaluating  time.Duration // Since started.
	fingerprint string
}

// Run trains as the options say, in the folder Config.Save, and returns what training ended with. A run that is
// finished and resumed with auto returns what it ended with then.
//
// Errors: *run.ExistsError, *run.ForeignError and *ResumeError for a folder or checkpoint that cannot be used as asked;
// *run.LockedError; *weights.Error and *CheckpointError for a checkpoint that is damaged or of something else;
// *NonFiniteError; *Interrupted after a signal; data's errors.
func Run(o Options) (result run.TrainResult, err error) {
	// On another thread libtorch would have other settings and other memory.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := &trainer{Options: o, cfg: o.Config, train: o.Train}
	if t.every, err = ParseEvery(t.cfg.CheckpointEvery); err != nil {
		return result, fmt.Errorf("--checkpoint-every: %w", err)
	}
	if err := t.meet(); err != nil {
		return result, err
	}
	// libtorch's errors are panics; nothing below may end the program with one.
	if caught := torch.Maybe(func() { result, err = t.enter() }); caught != nil {
		err = caught
	}
	return result, t.company.leave(err)
}

// enter opens the run's folder, which the first rank alone does, and trains where there is something to train.
func (t *trainer) enter() (result run.TrainResult, err error) {
	finished := false
	if t.company.first() {
		folder, err := run.Create(t.cfg.Save)
		if err != nil {
			return result, err
		}
		t.folder = folder
		defer folder.Close()
		state, err := folder.State()
		if err != nil {
			return result, err
		}
		if t.Resume == "none" {
			if err := state.Refuse(t.cfg.Save); err != nil {
				return result, err
			}
		}
		finished = state.Phase == run.Finished && t.Resume == "auto"
		if finished {
			t.say("%s is finished: %d epochs", t.cfg.Save, state.Epochs)
			if result, err = folder.TrainResult(); err != nil {
				return result, err
			}
		}
	}
	if finished, err = told(t.company, "finished", finished); err != nil || finished {
		return result, err
	}
	return t.prepare()
}

// prepare reads the checkpoint to go on from, if there is one, and sets the process and the device up.
func (t *trainer) prepare() (result run.TrainResult, err error) {
	var checkpoint *run.Checkpoint
	if t.company.first() {
		if checkpoint, err = t.checkpointToResume(); err != nil {
			return result, err
		}
		if checkpoint != nil {
			if err := t.adopt(checkpoint); err != nil {
				return result, err
			}
		}
	}
	if t.cfg, err = t.company.sameConfig(t.cfg); err != nil {
		return result, err
	}
	Prepare(t.cfg)
	place(t.cfg).Do(func() { result, err = t.run(checkpoint) })
	return result, err
}

func (t *trainer) run(checkpoint *run.Checkpoint) (result run.TrainResult, err error) {
	if err := t.build(); err != nil {
		return result, err
	}
	defer t.machine.net.Close()
	defer t.machine.close()
	defer t.closePredictor()
	if checkpoint != nil {
		if t.pos, err = t.machine.restore(checkpoint.Path, checkpoint.File, t.fingerprint); err != nil {
			return result, err
		}
		t.say("going on from %s: step %d, %d of %d epochs done", checkpoint.Path, t.pos.step, t.pos.epoch, t.cfg.Epochs)
	}
	if checkpoint == nil && t.cfg.Init != "" && t.company.first() {
		if err := t.begin(); err != nil {
			return result, err
		}
	}
	if err := t.begunTogether(); err != nil {
		return result, err
	}
	t.machine.net.Refresh()
	if err := t.open(checkpoint); err != nil {
		return result, err
	}
	defer t.closeLogs()
	if err := t.loop(); err != nil {
		return result, err
	}
	return t.finish()
}

// build makes the network, the optimizer and the pipeline.
func (t *trainer) build() error {
	cfg := t.cfg
	method, err := NewMethod(cfg)
	if err != nil {
		return err
	}
	if t.train, t.held, err = data.Split(t.train, cfg.ValSplit, cfg.Seed); err != nil {
		return fmt.Errorf("--val-split: %w", err)
	}
	t.fingerprint = t.train.Fingerprint()
	net, err := newNet(cfg, len(cfg.Classes))
	if err != nil {
		return err
	}
	w, h, c := t.train.Size()
	if err := net.Config().CheckSize(w, h, c); err != nil {
		net.Close()
		return err
	}
	t.machine = newMachine(localConfig(cfg, t.company.size()), method, net, w, h, c, t.say)
	if t.machine.place.IsCUDA() {
		if err := t.company.onDevice(); err != nil {
			t.machine.close()
			net.Close()
			return err
		}
	}
	t.machine.join(t.company)
	if err := t.machine.keepAverage(); err != nil {
		t.machine.close()
		net.Close()
		return err
	}
	sampler := data.Sampler{Len: t.train.Len(), Seed: cfg.Seed, Rank: t.company.rank(), World: t.company.size(), Shuffle: true}
	t.testPart, t.heldPart = t.company.part(t.Test), t.company.part(t.held)
	t.batches = sampler.Steps(imagesPerStep(cfg))
	t.rate = newSchedule(cfg, t.batches)
	t.pipeline, err = data.NewPipeline(data.PipelineConfig{
		Dataset: t.train, Sampler: sampler, BatchSize: imagesPerStep(cfg), Views: method.Views(), Train: true,
		NewViewer: func() data.Viewer { return method.NewViewer() },
		MaxBad:    t.maxBad(), Workers: cfg.NumWorkers, Seed: cfg.Seed, Epochs: cfg.Epochs, Slots: t.machine.feed.slots(),
	})
	t.machine.feed.release = func(b data.Batch) { t.pipeline.Release(b) }
	t.pos.best = math.Inf(1)
	t.say("%s, %d parameters; %s on %d images of %s, %d steps an epoch; %s, %d threads, %d workers; normalisation %s",
		net.Describe(), net.ParameterCount(), cfg.MethodText(), t.train.Len(), t.train.Name(), t.batches,
		t.machine.describe(), cfg.Threads, cfg.NumWorkers, cfg.Normalize)
	if t.company != nil {
		t.say("%s", t.company.describe(cfg))
	}
	return err
}

// open writes what was decided and opens the logs where the checkpoint left them.
func (t *trainer) open(c *run.Checkpoint) (err error) {
	if !t.company.first() {
		t.collectBadSamples()
		return nil
	}
	if c != nil {
		if !t.inFolder(c.Path) {
			t.pos.log, t.pos.metrics, t.pos.events, t.pos.bad = 0, 0, 0, 0 // Another folder's logs are not ours to cut.
		}
		if err := t.folder.SetAside(t.pos.step); err != nil {
			return err
		}
	}
	if err := t.folder.WriteConfig(t.cfg); err != nil {
		return err
	}
	if err := t.folder.WriteEnv(run.CaptureEnv(t.Version, torch.Version(), t.cfg.Threads, t.cfg.Device)); err != nil {
		return err
	}
	var warnings [3]string
	if t.log, warnings[0], err = t.folder.OpenLog(t.pos.log); err != nil {
		return err
	}
	if t.metric, warnings[1], err = t.folder.OpenMetrics(t.pos.metrics); err != nil {
		return errors.Join(err, t.log.Close())
	}
	if t.events, warnings[2], err = t.folder.OpenEvents(t.pos.events); err != nil {
		return errors.Join(err, t.log.Close(), t.metric.Close())
	}
	for _, w := range warnings {
		if w != "" {
			t.say("warning: %s", w)
		}
	}
	if t.passesOver() {
		if err := t.openBadSamples(); err != nil {
			return errors.Join(err, t.closeLogs())
		}
	}
	return nil
}

func (t *trainer) closeLogs() error {
	if !t.company.first() {
		return nil
	}
	err := errors.Join(t.log.Close(), t.metric.Close(), t.events.Close())
	if t.badLog != nil {
		err = errors.Join(err, t.badLog.Close())
	}
	return err
}

// inFolder tells whether a checkpoint belongs to the run's own folder.
func (t *trainer) inFolder(path string) bool {
	a, err1 := filepath.EvalSymlinks(filepath.Dir(path))
	b, err2 := filepath.EvalSymlinks(t.folder.Path("checkpoints"))
	return err1 == nil && err2 == nil && a == b
}

// finish saves the last checkpoint and says what training ended with.
func (t *trainer) finish() (run.TrainResult, error) {
	if !t.company.first() {
		return run.TrainResult{}, nil
	}
	if t.savedAt != t.pos.step {
		if err := t.save(false); err != nil {
			return run.TrainResult{}, err
		}
	}
	rows, err := t.folder.ReadLog()
	if err != nil {
		return run.TrainResult{}, err
	}
	last := rows[len(rows)-1]
	result := run.TrainResult{
		Epochs: t.cfg.Epochs, Steps: t.pos.step, Seconds: t.pos.seconds.Seconds(),
		ImagesPerSecond: float64(t.cfg.Epochs*t.train.Len()) / t.pos.seconds.Seconds(),
		TrainLoss:       last.TrainLoss, TestLoss: last.TestLoss, TestError: last.TestError, N: t.Test.Len(), NExpected: t.Test.Len(),
		WaitedSeconds: t.waited().Seconds(),
		Precision:     t.cfg.Precision, WeightsSHA256: weights.Digest(t.machine.tensors()),
	}
	if t.bad != nil {
		result.BadSamples = t.bad.Len()
		result.N -= t.bad.Of(t.Test)
	}
	return result, t.folder.Finish(result)
}

// save writes a checkpoint of the present state.
func (t *trainer) save(best bool) error {
	t.saved, t.savedAt = time.Now(), t.pos.step
	if !t.company.first() {
		return nil
	}
	if err := errors.Join(t.log.Sync(), t.metric.Sync(), t.events.Sync()); err != nil {
		return err
	}
	if t.badLog != nil {
		if err := t.badLog.Sync(); err != nil {
			return err
		}
		t.pos.bad = t.badLog.Offset()
	}
	t.pos.log, t.pos.metrics, t.pos.events = t.log.Offset(), t.metric.Offset(), t.events.Offset()
	state := t.pos
	state.waited = t.waited()
	warnings, err := t.folder.SaveCheckpoint(t.pos.step, t.machine.checkpoint(state, t.fingerprint, t.cfg), best)
	for _, w := range warnings {
		t.say("warning: %s", w)
	}
	t.saved = time.Now()
	return err
}

func (t *trainer) say(format string, args ...any) { fmt.Fprintf(t.Log, format+"\n", args...) }

// waited is how long training has waited for data so far.
func (t *trainer) waited() time.Duration { return t.pos.waited + t.pipeline.Waited() }
