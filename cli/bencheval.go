package cli

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"augmix/eval"
	"augmix/run"
	"augmix/train"
)

// evalRate is the result of bench eval.
type evalRate struct {
	ImagesPerSecond float64 `json:"images_per_second"` // each counted once, however many networks see it
	Images          int     `json:"images"`
	Seconds         float64 `json:"seconds"`
	Networks        int     `json:"networks"`
	Precision       string  `json:"precision"`
	Device          string  `json:"device"`
	PeakDeviceBytes int64   `json:"peak_device_bytes"` // Of tensors on a GPU.
	Threads         int     `json:"threads"`
	Workers         int     `json:"workers"`
	BatchSize       int     `json:"batch_size"`
	Source          string  `json:"source"` // of the corrupted images, "" where there are none
	// Of the first network, percent; null where it was not measured.
	CleanError      run.Number `json:"clean_error"`
	CorruptionError run.Number `json:"corruption_error"`
}

func benchEvalCommand() command {
	return command{
		name: "eval", operands: "RUN…", summary: "times an evaluation on clean and corrupted images",
		about: "What augmix eval does with the same flags, from the loading of the networks to the figures; nothing\n" +
			"is written. Several networks are timed in one pass.",
		setup: func(f *flags) func(*call) error {
			e := bareEvaluation(f)
			e.checkpointFlags(f.group("Checkpoints"))
			e.imageFlags(f.group("Data"), "clean", "c")
			e.machineFlags(f.group("Machine"))
			g := f.group("Output")
			g.json(&e.json)
			g.toggle(&e.quiet, "quiet", "no progress and no messages, only results and errors")
			return e.bench
		},
	}
}

// bench times an evaluation of all networks together.
func (e *evaluation) bench(c *call) error {
	if err := e.decide(c.args); err != nil {
		return err
	}
	targets, err := e.targets(c.args)
	if err != nil {
		return err
	}
	log := newProgress(c.stderr, e.quiet)
	defer log.close()
	if err := e.open(targets, log); err != nil {
		return err
	}
	train.Prepare(e.config)
	if n := e.together(targets); n != len(targets) {
		return usage("bench eval times one pass over the same images, of at most %d checkpoints; name those of %s in %s only",
			mostTogether, targets[0].dataset, targets[0].data)
	}
	begin := time.Now()
	tables, err := e.measure(targets, 1, len(targets), log)
	log.close()
	if err != nil {
		return err
	}
	rate := e.rate(targets[0], tables, time.Since(begin))
	return c.results(e.json, rate, func(w io.Writer) error { return writeRate(w, rate) })
}

func (e *evaluation) rate(first target, tables []evalTable, took time.Duration) evalRate {
	result := tables[0].result
	r := evalRate{
		Images: images(result), Seconds: took.Seconds(), Networks: len(tables), Precision: result.Precision, Threads: e.config.Threads,
		Workers: e.config.NumWorkers, BatchSize: evalBatchSize(e.config, first.dataset), CleanError: run.None(), CorruptionError: run.None(),
	}
	r.Device, r.PeakDeviceBytes = e.config.Device, eval.DeviceMemory(e.config.Device)
	r.ImagesPerSecond = float64(r.Images) / r.Seconds
	if result.Clean != nil {
		r.CleanError = run.Number(result.Clean.Error)
	}
	if result.Corruption != nil {
		r.Source, r.CorruptionError = result.Corruption.Source, run.Number(result.Corruption.MeanError)
	}
	return r
}

func writeRate(w io.Writer, r evalRate) error {
	return writeRows(w, []row{
		{"images/s", "images", "networks", "precision", "threads", "workers", "batch", "clean error %", "corrupted error %"},
		{fmt.Sprintf("%.1f", r.ImagesPerSecond), strconv.Itoa(r.Images), strconv.Itoa(r.Networks), r.Precision, strconv.Itoa(r.Threads),
			strconv.Itoa(r.Workers), strconv.Itoa(r.BatchSize), known(r.CleanError), known(r.CorruptionError)},
	}, true)
}
