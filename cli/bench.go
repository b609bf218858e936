package cli

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	"augmix/augmix"
	"augmix/data"
	"augmix/eval"
	"augmix/methods"
	"augmix/nets"
	"augmix/run"
	"augmix/train"
)

// viewRate is the result of bench pipeline.
type viewRate struct {
	ViewsPerSecond float64 `json:"views_per_second"`
	Workers        int     `json:"workers"`
	Size           int     `json:"size"` // side of the images in pixels
}

// sampleRate is the result of bench pipeline --dataset.
type sampleRate struct {
	ImagesPerSecond float64 `json:"images_per_second"`
	Dataset         string  `json:"dataset"`
	Workers         int     `json:"workers"`
	Size            int     `json:"size"`  // side of the images in pixels
	Views           int     `json:"views"` // of each image, the clean one included
	FastDecode      bool    `json:"fast_decode"`
}

// pipelineBench is what the flags of bench pipeline write to.
type pipelineBench struct {
	flags   *flags
	config  run.Config
	preset  string
	size    int
	seconds float64
	json    string
}

func benchPipelineCommand() command {
	return command{
		name: "pipeline", summary: "counts the AugMix views that are made in a second",
		about: "Of images that lie in memory; with --dataset, the training images that are read in a second, flipped and\n" +
			"cropped, and made into a clean and two AugMix views.",
		setup: func(f *flags) func(*call) error {
			b := &pipelineBench{flags: f, config: defaults(), size: 32, seconds: 2}
			c := &b.config
			c.Dataset, c.NumWorkers = "", 1
			g := f.group("Images")
			g.integer(&b.size, "size", 1, 2048, "side of the images in memory in pixels")
			g.dataset(c)
			g.data(c)
			g.imageFiles(c, "images")
			g = f.group("AugMix")
			g.mixture(c, &b.preset)
			g = f.group("Measurement")
			g.integer(&c.NumWorkers, "num-workers", 0, maxThreads, "goroutines; 0 is one a core")
			g.real(&b.seconds, "seconds", "above 0 and at most 3600", func(x float64) bool { return x > 0 && x <= 3600 }, "how long to measure")
			g.json(&b.json)
			return b.run
		},
	}
}

func (b *pipelineBench) run(c *call) error {
	if b.config.NumWorkers == 0 {
		b.config.NumWorkers = runtime.NumCPU()
	}
	b.flags.applyPreset(b.preset, &b.config)
	if err := train.Mixing(b.config).Validate(); err != nil {
		return usage("%v", err)
	}
	d := time.Duration(b.seconds * float64(time.Second))
	if b.config.Dataset != "" {
		return b.samples(c, d)
	}
	if name := b.flags.firstGiven("data", "image-size", "fast-decode"); name != "" {
		return usage("--%s is about a dataset's images; add --dataset, or leave it out", name)
	}
	result := viewRate{augmix.Throughput(train.Mixing(b.config), b.size, b.config.NumWorkers, d), b.config.NumWorkers, b.size}
	return c.results(b.json, result, func(w io.Writer) error {
		return writeRows(w, []row{
			{"views/s", "workers", "size"},
			{fmt.Sprintf("%.0f", result.ViewsPerSecond), strconv.Itoa(result.Workers), fmt.Sprintf("%d×%d", b.size, b.size)},
		}, true)
	})
}

// samples measures on the training images of a dataset, or where those are not
// there on its test images, which are as good to measure with.
func (b *pipelineBench) samples(c *call, d time.Duration) error {
	const batch = 8
	cfg := &b.config
	if b.flags.given("size") {
		return usage("--size is about images in memory; leave it out, or --dataset")
	}
	if err := checkImages(cfg); err != nil {
		return err
	}
	log := newProgress(c.stderr, false)
	set, err := openData(*cfg, "train", 0, log)
	if err != nil && data.IsFolder(cfg.Dataset) {
		if test, e := openData(*cfg, "test", 0, log); e == nil {
			set, err = test, nil
		}
	}
	if err != nil {
		return err
	}
	method, err := methods.New(methods.Config{Method: "augmix", Views: cfg.Views, JSDWeight: cfg.JSDWeight, Mixing: train.Mixing(*cfg)})
	if err != nil {
		return err
	}
	rate, err := data.Throughput(data.PipelineConfig{
		Dataset: set, BatchSize: batch, Views: method.Views(), Train: true, Workers: cfg.NumWorkers, Seed: cfg.Seed,
		NewViewer: func() data.Viewer { return method.NewViewer() },
	}, d)
	if err != nil {
		return err
	}
	side, _, _ := set.Size()
	result := sampleRate{rate, cfg.Dataset, cfg.NumWorkers, side, method.Views(), cfg.FastDecode}
	return c.results(b.json, result, func(w io.Writer) error {
		return writeRows(w, []row{
			{"images/s", "workers", "size", "views"},
			{fmt.Sprintf("%.1f", rate), strconv.Itoa(cfg.NumWorkers), fmt.Sprintf("%d×%d", side, side), strconv.Itoa(result.Views)},
		}, true)
	})
}

func benchStepCommand() command {
	return command{
		name: "step", summary: "times the training step on one synthetic batch in memory",
		about: "Images are counted as clean ones, whatever the number of their views. On CUDA the batch is copied\n" +
			"to the device in every step, and the fourth is captured as a CUDA graph, which later ones replay.",
		setup: func(f *flags) func(*call) error {
			b := train.BenchConfig{Config: defaults(), Size: 32, Steps: 20, Warmup: 5}
			b.Config.BatchSize = 32
			json := ""
			c := &b.Config
			g := f.group("Step")
			g.network(c)
			g.integer(&c.BatchSize, "batch-size", 1, maxBatch, "images a step, each in all its views")
			g.integer(&b.Size, "size", 1, 2048, "side of the images in pixels")
			g.integer(&c.Views, "views", 1, 16, "views of an image; with 1 the method is standard, else augmix")
			g = f.group("Machine")
			g.machine(c)
			g.noGraph(c)
			g = f.group("Measurement")
			g.integer(&b.Steps, "steps", 1, maxCount, "steps that are timed")
			g.integer(&b.Warmup, "warmup", 0, maxCount, "steps before them")
			g.json(&json)
			return func(call *call) error { return benchStep(f, call, b, json) }
		},
	}
}

func benchStep(f *flags, c *call, b train.BenchConfig, json string) error {
	cfg := &b.Config
	if cfg.Views == 1 {
		cfg.Method = "standard"
	}
	if err := checkNetwork(f.given, *cfg); err != nil {
		return err
	}
	if err := eval.NetConfig(*cfg, 1, nets.Normalization{}).CheckSize(b.Size, b.Size, 3); err != nil {
		return usage("--size: %v", err)
	}
	if err := train.Resolve(cfg, cfg.Precision, cfg.Device); err != nil {
		return usage("%v", err)
	}
	cfg.Normalize = nets.PublishedNormalization(cfg.Model)
	r, err := train.BenchStep(b, newProgress(c.stderr, false).say)
	if err != nil {
		return err
	}
	return c.results(json, r, func(w io.Writer) error {
		return writeRows(w, []row{
			{"model", r.Model},
			{"batch", fmt.Sprintf("%d images of %d×%d × %d views", r.BatchSize, r.Size, r.Size, r.Views)},
			{"precision", fmt.Sprintf("%s, %d threads", r.Precision, r.Threads)},
			{"device", where(r)},
			{"steps/s", fmt.Sprintf("%.3f (over %d steps)", r.StepsPerSecond, r.Steps)},
			{"images/s", fmt.Sprintf("%.1f", r.ImagesPerSecond)},
			{"peak memory", fmt.Sprintf("%.0f MB", float64(r.PeakRSSBytes)/1e6)},
		}, false)
	})
}

// where says on which device steps ran, and how.
func where(r train.BenchResult) string {
	if r.DeviceName == "" {
		return r.Device
	}
	how := "one operation after the other"
	if r.Graph {
		how = "a CUDA graph"
	}
	return fmt.Sprintf("%s (%s), %s, at most %.0f MB of tensors", r.Device, r.DeviceName, how, float64(r.PeakDeviceBytes)/1e6)
}
