package cli

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"time"

	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/ranks"
	"augmix/run"
	"augmix/train"
)

func trainCommand() command {
	return command{
		name: "train", summary: "trains a network",
		about: "The defaults are the reference's: AugMix on CIFAR-10 with WRN-40-2 for 100 epochs. To see it work without\n" +
			"any files: augmix train --dataset shapes --layers 10 --epochs 2",
		setup: func(f *flags) func(*call) error { return newTraining(f).run },
	}
}

// training is what the flags of train write to.
type training struct {
	flags    *flags
	config   run.Config
	resume   string
	file     string            // --config
	inFile   []string          // the flags whose values it has
	sources  map[string]string // where decisions come from, by flag, that are neither flags nor defaults
	grid     string            // --grid
	preset   string
	json     string
	modelEMA bool // --model-ema
	evaluate bool
	dryRun   bool
	quiet    bool

	processes
	world   ranks.World   // this process among those that train together
	worlds  []ranks.World // those that it starts and watches instead of training; nil where it trains
	devices []string      // CUDA_VISIBLE_DEVICES of each; nil where they compute on the CPU
}

func newTraining(f *flags) *training {
	t := &training{flags: f, config: defaults(), resume: "none", sources: map[string]string{}}
	c := &t.config
	g := f.group("Data")
	g.dataset(c)
	g.data(c)
	g.images(c, "training images")
	g.limit(&c.LimitTrain, "limit-train", "training")
	g.limit(&c.LimitEval, "limit-eval", "test")
	g.integer(&c.ValSplit, "val-split", 0, maxCount, "hold N training images out to choose the best weights by; 0 reports the last weights")

	g = f.group("Network")
	g.network(c)
	g.normalize(c, "the model's published one")

	g = f.group("Method")
	g.method(c)
	g.views(c)
	g.mixture(c, &t.preset)

	g = f.group("Other methods")
	g.otherMethods(c)

	g = f.group("Optimizer")
	g.recipe(c)
	g.optimizer(c)
	t.options(g)
	g.sharing(c)
	g.seed(c, "of the weights, the order of the images and the augmentation")

	g = f.group("Machine")
	g.machine(c)
	g.noGraph(c)
	g.workers(c)
	g.toggle(&c.Deterministic, "deterministic", "only kernels that repeat themselves bit for bit")
	g.processes(&t.processes)

	g = f.group("Run")
	g.text(&c.Save, "save", "DIR", nil, "the run's folder (default: runs/<dataset>-<model>-<method>-s<seed>)")
	g.text(&t.resume, "resume", "auto|none|FILE", nil, "auto goes on from the newest checkpoint in --save that verifies, FILE from that one")
	g.text(&t.grid, "grid", "FILE", nil, "train and evaluate what the file lists, one run after another, and pass over what is done: "+
		"datasets × models × methods × seeds; other flags here go to every run, --save names the folder of the runs")
	g.text(&t.file, "config", "FILE", nil, "a run's config.json; flags on the command line win")
	g.text(&c.CheckpointEvery, "checkpoint-every", "500s|1000steps|1epoch",
		func(s string) error { _, err := train.ParseEvery(s); return err }, "how often to save")
	g.integer(&c.PrintFreq, "print-freq", 1, maxCount, "steps between two lines of metrics.jsonl")
	g.evalBatch(c)
	g.toggle(&t.evaluate, "evaluate", "evaluate --resume FILE and train nothing, as augmix eval --checkpoint FILE does")
	g.toggle(&t.dryRun, "dry-run", "print what was decided and by what, what the network costs and an estimate of the time from a few timed steps; write nothing")
	g.json(&t.json)
	g.toggle(&t.quiet, "quiet", "no progress and no messages, only results and errors")
	return t
}

func (t *training) run(c *call) error {
	if t.grid != "" {
		if err := t.refuseGrid(); err != nil {
			return err
		}
		return t.runGrid(c)
	}
	if err := t.place(); err != nil {
		return err
	}
	if err := t.decide(); err != nil {
		return err
	}
	if t.evaluate {
		return t.evaluation().run(c)
	}
	if t.worlds != nil && !t.dryRun {
		return t.supervise(c)
	}
	return t.train(c)
}

// train opens the data and trains what was decided.
func (t *training) train(c *call) error {
	log := newProgress(c.stderr, t.quiet || t.world.Rank > 0)
	defer log.close()
	stop, release := catchSignals(log, "finishing the step and saving")
	defer release()

	set, test, err := t.open(log)
	if err != nil {
		return err
	}
	select {
	case s := <-stop:
		return &stoppedError{s, "training had not begun, and nothing was written"}
	default:
	}
	if t.dryRun {
		if t.world.Rank > 0 {
			return nil
		}
		return t.describe(c, set, test, log)
	}
	result, err := train.Run(train.Options{
		Config: t.config, Resume: t.resume, Train: set, Test: test,
		Log: log, Stop: stop, Version: programVersion(), Progress: log.training, Ranks: t.world,
		Timeout: t.timeout, Lost: func(err error) {
			log.close()
			end(c.stderr, err)
		},
	})
	log.close()
	if err != nil || t.world.Rank > 0 {
		return err // Rank 0 speaks for all.
	}
	return c.results(t.json, result, func(w io.Writer) error { return writeTraining(w, t.config.Save, result) })
}

// decide completes the configuration and checks it, before any of the data is
// opened.
func (t *training) decide() error {
	c := &t.config
	if t.file != "" {
		if err := t.flags.adopt(t.file, c); err != nil {
			return err
		}
		var err error
		if t.inFile, err = flagsIn(t.file); err != nil {
			return err
		}
	}
	t.decideRecipe()
	if err := t.decideOptions(); err != nil {
		return err
	}
	if t.evaluate && (t.resume == "none" || t.resume == "auto") {
		return usage("--evaluate needs --resume FILE, the checkpoint to evaluate (or: augmix eval --checkpoint FILE)")
	}
	if err := checkNetwork(t.flags.given, *c); err != nil {
		return err
	}
	*c = eval.WithoutUnused(*c)
	if err := train.Mixing(*c).Validate(); err != nil {
		return usage("%v", err)
	}
	if err := t.flags.refuseForeign(c); err != nil {
		return err
	}
	if _, err := train.NewMethod(*c); err != nil {
		return usage("%v", err)
	}
	if err := t.track(fromMethod, func() error { return train.ResolveMethod(c) }); err != nil {
		return usage("%v", err)
	}
	if err := checkImages(c); err != nil {
		return err
	}
	if c.Dataset == "shapes" {
		c.Data = "" // It needs no files.
	}
	if t.evaluate {
		return nil // The rest is training's.
	}
	if c.Normalize == "" && c.Init == "" {
		c.Normalize, t.sources["normalize"] = nets.PublishedNormalization(c.Model), fromNetwork
	}
	if c.Save == "" {
		c.Save = c.DefaultSave()
	}
	if c.OnBadSample == "" {
		c.OnBadSample = "error"
	}
	if err := t.track(fromMachine, t.placeDevice); err != nil {
		return err
	}
	if err := t.track(fromMachine, func() error { return train.Resolve(c, c.Precision, c.Device) }); err != nil {
		return usage("%v", err)
	}
	if err := t.share(); err != nil {
		return err
	}
	c.EvalBatchSize = evalBatchSize(*c, c.Dataset)
	return nil
}

// open opens the data and checks the flags that depend on their size.
func (t *training) open(log *progress) (set, test data.Dataset, err error) {
	c := &t.config
	if set, err = openData(trainingData(*c), "train", c.LimitTrain, log); err != nil {
		return nil, nil, err
	}
	exact := *c
	exact.FastDecode = false // What is measured does not depend on how training was made faster.
	if test, err = openData(exact, "test", c.LimitEval, log); err != nil {
		return nil, nil, err
	}
	if err := data.CheckSameClasses(trainingData(*c).Data, set, test); err != nil {
		return nil, nil, err
	}
	if c.ValSplit >= set.Len() {
		return nil, nil, usage("--val-split %d: there are %d training images; hold fewer of them out", c.ValSplit, set.Len())
	}
	w, h, channels := set.Size()
	if err := eval.NetConfig(*c, 1, nets.Normalization{}).CheckSize(w, h, channels); err != nil {
		return nil, nil, usage("%v", err)
	}
	c.Classes, t.sources["classes"] = set.Classes(), fromData
	if c.Init != "" {
		if err := t.track(fromInit, func() error { return train.ResolveInit(c) }); err != nil {
			return nil, nil, err
		}
	}
	return set, test, nil
}

// describe prints the configuration and what it costs, and says what is in the way of training.
func (t *training) describe(c *call, set, test data.Dataset, log *progress) error {
	state, err := run.Inspect(t.config.Save)
	if err != nil {
		return err
	}
	if t.resume == "none" {
		if err := state.Refuse(t.config.Save); err != nil {
			return err
		}
	}
	log.say("dry run: the data are fine, nothing is written; timing a few steps on synthetic images")
	estimate, err := train.EstimateRun(t.config, set, test)
	if err != nil {
		return err
	}
	p := t.plan(estimate)
	return c.results(t.json, p, func(w io.Writer) error { return writeRows(w, p.rows(), false) })
}

// evaluation is the call of `augmix eval` that --evaluate stands for.
func (t *training) evaluation() *evaluation {
	e := &evaluation{
		config: t.config, checkpoints: []string{t.resume}, sets: []string{"clean", "c"}, severities: allSeverities(),
		json: t.json, dryRun: t.dryRun, quiet: t.quiet, given: t.flags.given, foreign: t.config,
	}
	if t.file != "" {
		e.given = func(string) bool { return true } // The file says all.
	}
	return e
}

// training shows a status of package train.
func (p *progress) training(s train.Status) {
	done, total := (s.Epoch-1)*s.Steps+s.Step, s.Epochs*s.Steps
	p.show(done, total, fmt.Sprintf("epoch %d/%d", s.Epoch, s.Epochs),
		fmt.Sprintf("loss %.4f  error %.2f %%  %.0f images/s  wait %.1f %%  left %v",
			s.Loss, s.Error, s.Rate, 100*s.Waited, s.Left.Round(time.Second)))
}

func writeTraining(w io.Writer, dir string, r run.TrainResult) error {
	rows := []row{
		{"run", dir},
		{"epochs", strconv.Itoa(r.Epochs)},
		{"steps", strconv.FormatUint(r.Steps, 10)},
		{"time", (time.Duration(math.Round(r.Seconds)) * time.Second).String()},
		{"images/s", fmt.Sprintf("%.0f", r.ImagesPerSecond)},
		{"wait for data", fmt.Sprintf("%.1f %% of the time", 100*r.WaitedSeconds/max(r.Seconds, 1e-9))},
		{"precision", r.Precision},
		{"train loss", fmt.Sprintf("%.4f", r.TrainLoss)},
		{"test loss", fmt.Sprintf("%.4f", r.TestLoss)},
		{"test error", fmt.Sprintf("%.2f %% (n = %s)", r.TestError, count(r.N, r.NExpected))},
	}
	if r.BadSamples > 0 {
		rows = append(rows, row{"bad samples", fmt.Sprintf("%d passed over, listed in %s", r.BadSamples, filepath.Join(dir, "bad_samples.jsonl"))})
	}
	return writeRows(w, append(rows, row{"weights_sha256", r.WeightsSHA256}), false)
}

// count is the number of images that a figure is about, and of how many where some
// could not be read.
func count(n, expected int) string {
	if expected == 0 || n == expected {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d of %d", n, expected)
}
