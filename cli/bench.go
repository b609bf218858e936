package cli

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	"augmix/augmix"
	"augmix/nets"
	"augmix/train"
)

// viewRate is the result of bench pipeline.
type viewRate struct {
	ViewsPerSecond float64 `json:"views_per_second"`
	Workers        int     `json:"workers"`
	Size           int     `json:"size"` // side of the images in pixels
}

func benchPipelineCommand() command {
	return command{
		name: "pipeline", summary: "counts the AugMix views that are made in a second",
		setup: func(f *flags) func(*call) error {
			workers, size, seconds, json := 1, 32, 2.0, ""
			g := f.group("Measurement")
			g.integer(&workers, "num-workers", 0, maxThreads, "goroutines; 0 is one a core")
			g.integer(&size, "size", 1, 2048, "side of the images in pixels")
			g.real(&seconds, "seconds", "above 0 and at most 3600", func(x float64) bool { return x > 0 && x <= 3600 }, "how long to measure")
			g.json(&json)
			return func(c *call) error { return benchPipeline(c, workers, size, seconds, json) }
		},
	}
}

func benchPipeline(c *call, workers, size int, seconds float64, json string) error {
	if workers == 0 {
		workers = runtime.NumCPU()
	}
	rate := augmix.Throughput(augmix.Default, size, workers, time.Duration(seconds*float64(time.Second)))
	result := viewRate{ViewsPerSecond: rate, Workers: workers, Size: size}
	return c.results(json, result, func(w io.Writer) error {
		return writeRows(w, []row{
			{"views/s", "workers", "size"},
			{fmt.Sprintf("%.0f", rate), strconv.Itoa(workers), fmt.Sprintf("%d×%d", size, size)},
		}, true)
	})
}

func benchStepCommand() command {
	return command{
		name: "step", summary: "times the training step on one synthetic batch in memory",
		about: "Images are counted as clean ones, whatever the number of their views.",
		setup: func(f *flags) func(*call) error {
			b := train.BenchConfig{Config: defaults(), Steps: 20, Warmup: 5}
			b.Config.BatchSize = 32
			json := ""
			c := &b.Config
			g := f.group("Step")
			g.network(c)
			g.integer(&c.BatchSize, "batch-size", 1, maxBatch, "images a step, each in all its views")
			g.integer(&c.Views, "views", 1, 16, "views of an image; with 1 the method is standard, else augmix")
			g = f.group("Machine")
			g.precision(c)
			g.threads(c)
			g = f.group("Measurement")
			g.integer(&b.Steps, "steps", 1, maxCount, "steps that are timed")
			g.integer(&b.Warmup, "warmup", 0, maxCount, "steps before them")
			g.json(&json)
			return func(call *call) error { return benchStep(call, b, json) }
		},
	}
}

func benchStep(c *call, b train.BenchConfig, json string) error {
	cfg := &b.Config
	if cfg.Views == 1 {
		cfg.Method = "standard"
	}
	if err := checkLayers(*cfg); err != nil {
		return err
	}
	if err := train.Resolve(cfg, cfg.Precision, cfg.Device); err != nil {
		return usage("%v", err)
	}
	cfg.Normalize = nets.PublishedNormalization(cfg.Model)
	r, err := train.BenchStep(b)
	if err != nil {
		return err
	}
	return c.results(json, r, func(w io.Writer) error {
		return writeRows(w, []row{
			{"model", r.Model},
			{"batch", fmt.Sprintf("%d images × %d views", r.BatchSize, r.Views)},
			{"precision", fmt.Sprintf("%s, %d threads", r.Precision, r.Threads)},
			{"steps/s", fmt.Sprintf("%.3f (over %d steps)", r.StepsPerSecond, r.Steps)},
			{"images/s", fmt.Sprintf("%.1f", r.ImagesPerSecond)},
			{"peak memory", fmt.Sprintf("%.0f MB", float64(r.PeakRSSBytes)/1e6)},
		}, false)
	})
}
