package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
	"augmix/run"
)

func corruptCommand() command {
	return command{
		name: "corrupt", summary: "writes a corruption benchmark from clean test images",
		about: "Of cifar10, cifar100 and shapes: labels.npy and a NAME.npy for each corruption, one severity after the other,\n" +
			"as in CIFAR-10-C. Of image folders: NAME/SEVERITY/CLASS/….JPEG, as in ImageNet-C. The same seed gives the same\n" +
			"files; a call that was interrupted goes on when it is repeated.",
		setup: func(f *flags) func(*call) error {
			w := newWriting(f, corrupt.Names(), corrupt.Names(), "only these corruptions (default: all)")
			g := w.images
			g.add(&severitiesValue{&w.severities, corrupt.Severities}, "severity", "only these severities, such as 1,3 or 2-5")
			g.frost(&w.frostDir)
			return func(c *call) error { return w.run(c, benchmark.WriteCorruptions) }
		},
	}
}

// writing is what the flags of corrupt and perturb write to.
type writing struct {
	config     run.Config
	images     *group
	only       []string
	usual      []string // instead of only where that is empty
	sequences  bool     // perturbations, not corruptions
	severities []int
	frostDir   string
	out        string
	json       string
	quiet      bool
}

// newWriting declares what corrupt and perturb have in common: a flag for some of the
// known names, of which usual are the default, as its help says.
func newWriting(f *flags, known, usual []string, help string) *writing {
	w := &writing{config: defaults(), usual: usual, severities: allSeverities()}
	c := &w.config
	c.Seed = benchmark.Seed
	g := f.group("Data")
	g.dataset(c)
	g.data(c)
	g.imageFiles(c, "test images")
	g.limit(&c.LimitEval, "limit-eval", "test")
	g = f.group("Benchmark")
	w.images = g
	g.text(&w.out, "out", "DIR", nil, "the folder to write into")
	g.names(&w.only, "only", "name", known, help)
	g.seed(c, "of the random numbers")
	g = f.group("Machine")
	g.workers(c)
	g = f.group("Output")
	g.json(&w.json)
	g.toggle(&w.quiet, "quiet", "no progress and no messages, only results and errors")
	return w
}

func (w *writing) run(c *call, write func(context.Context, benchmark.Options) (benchmark.Result, error)) error {
	if w.out == "" {
		return usage("where is it to be written? Give --out DIR")
	}
	if err := checkImages(&w.config); err != nil {
		return err
	}
	if len(w.only) == 0 {
		w.only = w.usual
	}
	making := benchmark.Making{Seed: w.config.Seed}
	if w.frostDir != "" {
		if !slices.Contains(w.only, "frost") {
			return usage("--frost-dir is about frost, which --only %s leaves out; add frost, or leave --frost-dir out", strings.Join(w.only, ","))
		}
		var err error
		if making.Frost, err = corrupt.ReadFrost(w.frostDir); err != nil {
			return usage("--frost-dir: %v", err)
		}
	}
	log := newProgress(c.stderr, w.quiet)
	defer log.close()
	clean, err := openData(w.config, "test", w.config.LimitEval, log)
	if err != nil {
		return err
	}
	w.say(log, making, clean)
	ctx, release := untilSignal(log, "leaving what is complete", w.out+" is not complete; repeat the command to go on")
	defer release()
	result, err := write(ctx, benchmark.Options{
		Dir: w.out, Clean: clean, Names: w.only, Severities: w.severities, Making: making, Version: programVersion(),
		Workers: w.workers(), Progress: func(done, total int, what string) { log.show(done, total, what, "") },
	})
	log.close()
	if err != nil {
		return err
	}
	return c.results(w.json, newWritten(w.out, result), func(out io.Writer) error { return writeWritten(out, w.out, result) })
}

// workers is how many goroutines make images.
func (w *writing) workers() int { return cmp.Or(w.config.NumWorkers, runtime.NumCPU()) }

// say tells how the images are made, and how the odd ones among them.
func (w *writing) say(log *progress, making benchmark.Making, clean data.Dataset) {
	width, height, _ := clean.Size()
	if w.sequences {
		log.say("%d images of %s, sequences %s", clean.Len(), clean.Name(), making.SequenceSource(width, height))
		return
	}
	most := making.Source("", width, height)
	log.say("%d images of %s, %s", clean.Len(), clean.Name(), most)
	for _, name := range w.only {
		if source := making.Source(name, width, height); source != most {
			log.say("%s: %s", name, source)
		}
	}
	if !data.IsFolder(w.config.Dataset) && (len(w.severities) < corrupt.Severities || w.config.LimitEval > 0) {
		log.say("not all severities or images: augmix eval reads such arrays by their %s; what takes the rows of %s by their position misreads them",
			benchmark.ManifestName, data.FolderC(w.config.Dataset))
	}
}

// frost declares the flag for frost's textures.
func (g *group) frost(dir *string) {
	g.text(dir, "frost-dir", "DIR", nil, "the folder of frost's textures, "+strings.Join(corrupt.FrostFiles(), ", ")+
		", as hendrycks/robustness has them (default: the program's own)")
}

// written is what --json gives of a benchmark that was written.
type written struct {
	Out             string             `json:"out"`
	Images          int                `json:"images"` // made by this call
	Seconds         float64            `json:"seconds"`
	ImagesPerSecond float64            `json:"images_per_second"`
	Manifest        benchmark.Manifest `json:"manifest"`
}

func newWritten(out string, r benchmark.Result) written {
	w := written{Out: out, Images: r.Made, Seconds: r.Took.Seconds(), Manifest: r.Manifest}
	if r.Made > 0 {
		w.ImagesPerSecond = float64(r.Made) / w.Seconds
	}
	return w
}

// writeWritten writes the table of a benchmark's files.
func writeWritten(out io.Writer, dir string, r benchmark.Result) error {
	rows := []row{{"file", "bytes", "SHA-256", ""}}
	for _, f := range r.Files {
		state := "written"
		if f.There {
			state = "was there"
		}
		rows = append(rows, row{f.Path, strconv.FormatInt(f.Bytes, 10), f.SHA256, state})
	}
	if err := writeRows(out, rows, false); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s: %d images made in %.1f s\n", dir, r.Made, r.Took.Seconds())
	return err
}
