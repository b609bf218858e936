package cli

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"augmix/augmix"
	"augmix/data"
	"augmix/methods"
	"augmix/nets"
	"augmix/run"
	"augmix/train"
)

// defaults is the reference's configuration (cifar.py) where it has one: CIFAR-10,
// WRN-40-2, 100 epochs. precision and device say auto until train.Resolve decides.
func defaults() run.Config {
	return run.Config{
		Dataset: "cifar10", Data: "data",
		Model: "wrn", Layers: 40, WidenFactor: 2, DensenetVariant: nets.DenseNetBC, Cardinality: 4, BaseWidth: 32, Pool: nets.PoolMax,
		Method: "augmix", Views: 3, JSDWeight: 12,
		MixtureWidth: augmix.Default.Width, MixtureDepth: augmix.Default.Depth, AugSeverity: augmix.Default.Severity,
		AugProbCoeff: augmix.Default.Alpha, AllOps: augmix.Default.AllOps,
		Epochs: 100, LearningRate: 0.1, Momentum: 0.9, Decay: 0.0005, BatchSize: 128, Seed: 1,
		Precision: "auto", Device: "auto",
		CheckpointEvery: "1epoch", PrintFreq: 50,
	}
}

// Bounds that no sensible call comes near; they turn a slip of the finger into a
// message instead of a machine without memory.
const (
	maxCount   = 1_000_000_000 // images
	maxEpochs  = 1_000_000
	maxBatch   = 100_000
	maxThreads = 1024
)

func (g *group) dataset(c *run.Config) {
	g.choice(&c.Dataset, "dataset", "dataset", data.Names(), "the dataset")
}

func (g *group) data(c *run.Config) {
	g.text(&c.Data, "data", "DIR", nil, "the dataset's own folder or one that holds it")
}

func (g *group) seed(c *run.Config, help string) { g.add(&seedValue{&c.Seed}, "seed", help) }

func (g *group) mixture(c *run.Config, preset *string) {
	const large = math.MaxInt32 // augmix.Config.Validate knows the ranges
	anyReal := func(float64) bool { return true }
	g.integer(&c.MixtureWidth, "mixture-width", -large, large, "chains that are mixed")
	g.integer(&c.MixtureDepth, "mixture-depth", -large, large, "operations a chain; -1 draws 1 to 3")
	g.real(&c.AugSeverity, "aug-severity", "from 0.1 to 10", anyReal, "how strong the operations are, from 0.1 to 10")
	g.real(&c.AugProbCoeff, "aug-prob-coeff", "above 0", anyReal, "coefficient of the Dirichlet and Beta distributions")
	g.toggle(&c.AllOps, "all-ops", "also colour, contrast, brightness and sharpness, which the corruptions contain")
	g.integer(&c.Fill, "fill", 0, 255, "grey value of what an operation shows from outside the image; 0 is black")
	g.choice(preset, "augmix-preset", "preset", presetNames(), "sets the six flags above that are not given: "+
		"as the paper on CIFAR and on ImageNet, the released imagenet.py, or timm's augmix-m3-w3 "+
		"(default: the recipe's; paper-cifar for small images, for photographs release-imagenet or paper-imagenet)")
}

func presetNames() []string {
	var names []string
	for _, p := range augmix.Presets {
		names = append(names, p.Name)
	}
	return names
}

// applyPreset sets what a preset says and the command line does not. Without a
// name photographs take the reference's for ImageNet.
func (f *flags) applyPreset(name string, c *run.Config) {
	if name == "" && (c.Dataset == "imagenet" || c.Dataset == "folder") {
		name = "release-imagenet"
	}
	if name != "" {
		setPreset(name, c, func(flag string) bool { return !f.given(flag) })
	}
}

// setPreset sets what a preset says and open says to be undecided, and returns the
// flags that it set.
func setPreset(name string, c *run.Config, open func(flag string) bool) (decided []string) {
	p := augmix.Presets[slices.Index(presetNames(), name)] // the flag takes no other name
	for _, v := range []struct {
		flag string
		set  func()
	}{
		{"mixture-width", func() { c.MixtureWidth = p.Width }},
		{"mixture-depth", func() { c.MixtureDepth = p.Depth }},
		{"aug-severity", func() { c.AugSeverity = p.Severity }},
		{"aug-prob-coeff", func() { c.AugProbCoeff = p.Alpha }},
		{"all-ops", func() { c.AllOps = p.AllOps }},
		{"fill", func() { c.Fill = int(p.Fill) }},
	} {
		if open(v.flag) {
			v.set()
			decided = append(decided, v.flag)
		}
	}
	return decided
}

func (g *group) method(c *run.Config) {
	g.choice(&c.Method, "method", "method", methods.Names(), "how to train; what the AugMix paper set the others to "+
		"is not known: defaults are their authors' own or our choice, as is how random-autoaugment draws")
	g.integer(&c.Views, "views", 1, 16, "views of an image that the consistency loss compares, the clean one included")
	g.toggle(&c.NoJSD, "no-jsd", "one mixture of each image, without the consistency loss")
	g.real(&c.JSDWeight, "jsd-weight", "from 0 to 1e6", between(0, 1e6), "weight of the consistency loss")
}

func (g *group) optimizer(c *run.Config) {
	g.integer(&c.Epochs, "epochs", 1, maxEpochs, "times through the training images")
	g.real(&c.LearningRate, "learning-rate", "above 0 and at most 1000",
		func(x float64) bool { return x > 0 && x <= 1000 }, "at the beginning; a cosine takes it to 1e-6")
	g.real(&c.Momentum, "momentum", "from 0 to below 1", belowOne, "Nesterov's")
	g.real(&c.Decay, "decay", "from 0 to 100", between(0, 100), "weight decay, of every parameter")
	g.real(&c.Droprate, "droprate", "from 0 to below 1", belowOne, "wrn: dropout between the convolutions of a block")
	g.integer(&c.BatchSize, "batch-size", 1, maxBatch, "images a step, each in all its views")
}

func (g *group) evalBatch(c *run.Config) {
	g.integer(&c.EvalBatchSize, "eval-batch-size", 1, maxBatch, "images at once in evaluation (default: 200, of imagenet and folder 64; on CUDA 1000 and 256)")
}

func (g *group) machine(c *run.Config) {
	g.text(&c.Device, "device", "auto|cpu|cuda|cuda:N", func(s string) error { return checkMachine("auto", s) },
		"where to compute; auto is a CUDA device where the program was built for one and finds it")
	g.precision(c)
	g.threads(c)
}

func (g *group) noGraph(c *run.Config) {
	g.toggle(&c.NoGraph, "no-graph", "on CUDA, launch every operation by itself in place of the whole step, or the whole network, as one CUDA graph")
}

func (g *group) precision(c *run.Config) {
	g.text(&c.Precision, "precision", "auto|fp32|bf16", func(s string) error { return checkMachine(s, "auto") },
		"auto trains in bf16 where the device has units for it and evaluates in fp32")
}

func (g *group) threads(c *run.Config) {
	g.integer(&c.Threads, "threads", 0, maxThreads, "libtorch's threads; 0 is one a core, shared with the workers while those have something to do")
}

func (g *group) workers(c *run.Config) {
	g.integer(&c.NumWorkers, "num-workers", 0, maxThreads, "goroutines that prepare images; 0 is one a core; they sleep when the next three batches are ready")
}

func (g *group) limit(p *int, name, of string) {
	g.integer(p, name, 0, maxCount, "use the first N "+of+" images, or where they are sorted by class N from all over; 0 is all")
}

// checkMachine lets package train decide whether it knows a precision and a
// device. Its message names the flag again, which is cut off here.
func checkMachine(precision, device string) error {
	var c run.Config
	err := train.Resolve(&c, precision, device)
	if err == nil {
		return nil
	}
	text := err.Error()
	if _, reason, ok := strings.Cut(text, ": "); ok {
		text = reason
	}
	return fmt.Errorf("%s", text)
}

func between(lo, hi float64) func(float64) bool {
	return func(x float64) bool { return x >= lo && x <= hi }
}

func belowOne(x float64) bool { return x >= 0 && x < 1 }

// adopt sets the flags that are not on the command line to what the configuration
// file says, with the same checks. c is what the flags write to.
func (f *flags) adopt(path string, c *run.Config) error {
	merged := *c
	if err := run.MergeConfig(path, &merged); err != nil {
		return usage("--config: %v", err)
	}
	value, fields := reflect.ValueOf(merged), reflect.TypeFor[run.Config]()
	for i := range fields.NumField() {
		key, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		flag := f.set.Lookup(key)
		if flag == nil || flag.Changed {
			continue
		}
		text := fmt.Sprint(value.Field(i).Interface())
		if text == "" || text == flag.Value.String() || unused(merged.Model, flag.Name) {
			continue // empty where it does not apply, such as data of shapes
		}
		if err := flag.Value.Set(text); err != nil {
			return usage("--config %s: %s %s: %v", path, key, show(text), err)
		}
	}
	return nil
}

// configRows lists the decisions of a configuration, a line each.
func configRows(c run.Config) []row {
	// What is written as nothing, because it was done before there was a choice.
	nothing := map[string]string{"schedule": "cosine", "ce-views": "clean", "grad-accum": "1"}
	var rows []row
	value, fields := reflect.ValueOf(c), reflect.TypeFor[run.Config]()
	for i := range fields.NumField() {
		key, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if unused(c.Model, strings.ReplaceAll(key, "_", "-")) {
			continue
		}
		text := fmt.Sprint(value.Field(i).Interface())
		if classes, ok := value.Field(i).Interface().([]string); ok {
			text = fmt.Sprintf("%d: %s", len(classes), strings.Join(classes[:min(len(classes), 10)], ", "))
			if len(classes) > 10 {
				text += ", …"
			}
		}
		flag := strings.ReplaceAll(key, "_", "-")
		if name, ok := nothing[flag]; ok && value.Field(i).IsZero() {
			text = name
		}
		rows = append(rows, row{flag, text})
	}
	return rows
}
