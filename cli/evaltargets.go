package cli

import (
	"slices"

	"augmix/corrupt"
	"augmix/data"
	"augmix/eval"
	"augmix/run"
	"augmix/weights"
)

// target is one checkpoint to evaluate.
type target struct {
	path    string      // the checkpoint; of a run, known when the data are open
	folder  *run.Folder // nil for --checkpoint
	dataset string
	data    string // the folder
	size    int    // side of an image folder's images, else 0
	test    data.Dataset
	bad     *data.BadSamples // nil where an image that cannot be read is an error
}

// targets lists what is to be evaluated and on which data. A checkpoint is read
// before the data only where nothing else says which data it is for.
func (e *evaluation) targets(runs []string) ([]target, error) {
	var out []target
	for _, dir := range runs {
		folder, err := run.Open(dir)
		if err != nil {
			return nil, usage("%v; a checkpoint's file goes with --checkpoint", err)
		}
		was, err := folder.Config()
		if err != nil {
			return nil, err
		}
		out = append(out, e.place(target{folder: folder}, was, true))
	}
	for _, path := range e.checkpoints {
		was, ours := e.foreign, false
		if !e.given("dataset") {
			var err error
			if was, ours, err = e.peek(path); err != nil {
				return nil, err
			}
		}
		out = append(out, e.place(target{path: path}, was, ours))
	}
	return out, nil
}

// place says where the data of a target are: as the flags say, else as it was
// trained.
func (e *evaluation) place(t target, was run.Config, ours bool) target {
	t.dataset, t.data = was.Dataset, e.config.Data
	if ours && was.Data != "" && !e.given("data") {
		t.data = was.Data
	}
	if e.given("dataset") {
		t.dataset = e.config.Dataset
	}
	if t.dataset == was.Dataset {
		t.size = was.ImageSize
	}
	if e.given("image-size") {
		t.size = e.config.ImageSize
	}
	return t
}

// peek reads what a checkpoint says of itself; what foreign says where it is not
// one of a run.
func (e *evaluation) peek(path string) (c run.Config, ours bool, err error) {
	file, err := weights.Read(path)
	if err != nil {
		return c, false, err
	}
	if c, ours, err = trained(path, file); err == nil && !ours {
		return e.foreign, false, nil
	}
	return c, ours, err
}

// trained returns the configuration of the run that a checkpoint comes from; ours is
// false where it comes from none.
func trained(path string, file *weights.File) (c run.Config, ours bool, err error) {
	text, ok := file.Metadata["config"]
	if !ok || file.Format != weights.FormatSafetensors {
		return c, false, nil
	}
	if c, err = run.ParseConfig([]byte(text)); err != nil {
		return c, false, &eval.MismatchError{Path: path, Reason: err.Error()}
	}
	return c, true, nil
}

// open opens the test images of all targets, each set once.
func (e *evaluation) open(targets []target, log *progress) error {
	type place struct {
		dataset, data string
		size          int
	}
	opened := map[place]data.Dataset{}
	for i := range targets {
		t := &targets[i]
		c := run.Config{Dataset: t.dataset, Data: t.data, ImageSize: t.size, FastDecode: e.config.FastDecode, OnBadSample: e.config.OnBadSample}
		if err := checkImages(&c); err != nil {
			return err
		}
		t.size = c.ImageSize
		if err := e.corruptible(*t); err != nil {
			return err
		}
		key := place{t.dataset, t.data, t.size}
		if opened[key] == nil {
			test, err := openData(c, "test", 0, log)
			if err != nil {
				return err
			}
			if n := e.config.LimitEval; n > 0 && n < test.Len() {
				log.say("using %s for the test, and of each severity", limited(n, test))
			}
			opened[key] = test
		}
		t.test = opened[key]
		if first := targets[0].test; e.ensemble && t.test != first {
			return usage("--ensemble: one checkpoint is for %s in %s, another for %s in %s; name those of the same images",
				targets[0].dataset, targets[0].data, t.dataset, t.data)
		}
		if slices.Contains(e.sets, "fourier") {
			if _, _, err := e.checkFourier(*t); err != nil {
				return err
			}
		}
		if e.config.OnBadSample == "skip" {
			t.bad = data.NewBadSamples(data.BadLimit(e.expected(*t)), nil, func(b data.BadSample) error {
				log.say("passing over %s: %s", b.File, b.Reason)
				return nil
			})
		}
	}
	return nil
}

// corruptible refuses corrupted sets of an image folder that would not be what is
// published under their names.
func (e *evaluation) corruptible(t target) error {
	if !slices.Contains(e.sets, "c") || !data.IsFolder(t.dataset) {
		return nil
	}
	if e.cData != "" && e.cData != "generate" || e.cData == "" && data.FindC(t.data, t.dataset) != "" {
		return nil // They are read, and have the size that they have.
	}
	if near := corrupt.TableSize(t.size); near != t.size {
		return usage("--image-size %d: corruptions have no published constants for images of that size, the nearest that has some is %d; "+
			"use that, or --sets clean", t.size, near)
	}
	return nil
}

// expected is how many test images a target is evaluated on.
func (e *evaluation) expected(t target) int {
	if n := e.config.LimitEval; n > 0 {
		return min(n, t.test.Len())
	}
	return t.test.Len()
}
