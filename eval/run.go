package eval

import (
	"fmt"
	"runtime"
	"slices"

	"augmix/corrupt"
	"augmix/data"
	"augmix/nets"
	"augmix/pixel"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// Options is what a network is evaluated on.
type Options struct {
	Dataset    data.Dataset   // The clean test images, all of them.
	DataDir    string         // Where they are; a -C folder beside them is found.
	Sets       []string       // clean, c.
	Only       []string       // Names of corruptions; none means those for testing.
	Severities []int          // 1 to 5.
	CData      string         // "generate", a folder in the published layout, or empty: the one beside the data, else generated.
	Frost      []*pixel.Image // Textures for frost; nil is the program's own.
	BatchSize  int
	Workers    int
	Limit      int              // Images of the clean set, and of each severity; 0 is all.
	Bad        *data.BadSamples // Where images are collected that cannot be read; nil makes them an error.
	BF16       bool

	Progress func(done, total int, what string) // Counts images; may be nil.
}

// Run evaluates a network. The result lacks Model and Checkpoints, which the caller knows.
//
// libtorch's errors come back as *torch.Error, those about files as *data.Error.
func Run(net *nets.Net, o Options) (result run.Evaluation, err error) {
	// On another thread libtorch would have other settings and other memory.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if caught := torch.Maybe(func() { result, err = o.run(net) }); caught != nil {
		return result, caught
	}
	return result, err
}

func (o Options) run(net *nets.Net) (run.Evaluation, error) {
	clean := o.limited(o.Dataset)
	result := run.Evaluation{Dataset: clean.Name(), N: clean.Len(), NExpected: clean.Len(), Precision: "fp32"}
	net.SetBF16(o.BF16)
	if o.BF16 {
		result.Precision = "bf16"
	}
	sets, err := o.corrupted(clean)
	if err != nil {
		return result, err
	}
	w, h, c := clean.Size()
	predictor := NewPredictor(net, w, h, c, o.BatchSize, o.Workers)
	defer predictor.Close()
	predictor.PassOver(o.Bad)
	done, total := 0, len(sets)*clean.Len()
	if slices.Contains(o.Sets, "clean") {
		total += clean.Len()
		scores, n, err := o.score(predictor, clean, "clean", &done, total)
		if err != nil {
			return result, err
		}
		result.Clean, result.N = &scores, n
	}
	var cells []Cell
	for _, set := range sets {
		what := fmt.Sprintf("%s %d", set.name, set.severity)
		images, err := set.open()
		if err != nil {
			return result, err
		}
		scores, n, err := o.score(predictor, images, what, &done, total)
		if err != nil {
			return result, err
		}
		result.N = min(result.N, n)
		cells = append(cells, Cell{Corruption: set.name, Severity: set.severity, Source: set.source, Scores: scores})
	}
	if len(cells) > 0 {
		result.Corruption, err = Corruptions(cells)
	}
	return result, err
}

// limited returns the first images of a set, or where it is sorted by class some from all over it.
func (o Options) limited(set data.Dataset) data.Dataset {
	return data.Subset(set, o.Limit, data.SortedByClass(set))
}

// Score returns the figures of one set, and of how many of its images they are.
func Score(p *Predictor, set data.Dataset) (scores run.Scores, n int, err error) {
	return Options{}.score(p, set, "", new(int), set.Len())
}

func (o Options) score(p *Predictor, set data.Dataset, what string, done *int, total int) (run.Scores, int, error) {
	scores := NewAccumulator(p.classes, set.Len())
	err := p.Run(set, func(probabilities []float32, labels []int64) error {
		*done += len(labels)
		if o.Progress != nil {
			o.Progress(*done, total, what)
		}
		return scores.Add(probabilities, labels)
	})
	if err != nil {
		return run.Scores{}, 0, err
	}
	if scores.Len() == 0 {
		return run.Scores{}, 0, fmt.Errorf("%s: no image can be read", set.Name())
	}
	return scores.Scores(), scores.Len(), nil
}

// corruptedSet is one corruption at one severity.
type corruptedSet struct {
	name     string
	severity int
	source   string
	open     func() (data.Dataset, error) // Published images are read when their turn comes: 30 MB a set.
}

// corrupted lists the corrupted sets that are asked for: read from the published layout where that is there, else made.
func (o Options) corrupted(clean data.Dataset) ([]corruptedSet, error) {
	if !slices.Contains(o.Sets, "c") {
		return nil, nil
	}
	names := o.Only
	if len(names) == 0 {
		names = corrupt.Test()
	}
	dir := o.CData
	switch dir {
	case "generate":
		dir = ""
	case "":
		dir = data.FindC(o.DataDir, o.Dataset.Name())
	}
	open := func(name string, severity int) (data.Dataset, error) {
		return newGenerated(clean, name, severity, o.Frost)
	}
	w, h, _ := clean.Size()
	source := func(name string) string { return generatedSource(name, w, h, o.Frost) }
	if dir != "" {
		if o.Frost != nil {
			return nil, fmt.Errorf("corrupted images are read from %s, where frost needs no textures; "+
				"leave --frost-dir out, or add --c-data generate", dir)
		}
		c, err := data.OpenC(dir, o.Dataset)
		if err != nil {
			return nil, err
		}
		source = func(string) string { return "published" }
		open = func(name string, severity int) (data.Dataset, error) {
			set, err := c.Severity(name, severity)
			if err != nil {
				return nil, err
			}
			return o.limited(set), nil
		}
	}
	var out []corruptedSet
	for _, name := range names {
		for _, severity := range o.Severities {
			out = append(out, corruptedSet{name, severity, source(name), func() (data.Dataset, error) { return open(name, severity) }})
		}
	}
	return out, nil
}
