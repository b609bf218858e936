package eval

import (
	"fmt"
	"runtime"
	"slices"

	"augmix/data"
	"augmix/nets"
	"augmix/pixel"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// Options is what networks are evaluated on.
type Options struct {
	Dataset    data.Dataset // The clean test images, all of them.
	DataDir    string       // Where they are; a -C folder beside them is found.
	Sets       []string     // clean, c, p.
	Only       []string     // Names of corruptions; none means those for testing.
	Severities []int        // 1 to 5.
	// Perturbations are names of perturbations; none means DefaultPerturbations.
	Perturbations []string
	CData         string         // "generate", a folder in the published layout, or empty: the one beside the data, else generated.
	Frost         []*pixel.Image // Textures for frost; nil is the program's own.
	PData         string         // CData of perturbations.
	FlipNorm      *FlipNorm      // Normalises flip probabilities; nil does not.
	BatchSize     int
	Workers       int
	NoGraph       bool             // On CUDA the networks are not captured as graphs.
	Limit         int              // Images of the clean set, and of each severity; 0 is all.
	Bad           *data.BadSamples // Where images are collected that cannot be read; nil makes them an error.
	BF16          bool

	Ensemble       bool         // Also evaluate the ensemble of all networks, the mean of their softmaxes.
	Resamples      int          // Of the bootstrap, for confidence intervals; 0 gives none.
	Temperature    float64      // Also give the figures at this temperature; 0 does not.
	FitTemperature bool         // Also give them at the temperature that fits best: on Held, else on every tenth test image.
	Held           data.Dataset // Labelled images that no network was trained on, and HeldName what to call them; nil if there are none.
	HeldName       string
	Logits         []string // A folder for the logits of each network; nil keeps none.

	Progress func(done, total int, what string) // Counts images; may be nil.
	// Note is told what is left out because a benchmark's folder does not hold it, and why networks are not captured as graphs
	// if they cannot be; it may be nil.
	Note func(text string)
}

// Run evaluates a network. The result lacks Model and Checkpoints, which the caller knows.
//
// libtorch's errors come back as *torch.Error, those about files as *data.Error.
func Run(net *nets.Net, o Options) (run.Evaluation, error) {
	o.Ensemble = false
	results, err := RunAll([]*nets.Net{net}, o)
	if err != nil {
		return run.Evaluation{}, err
	}
	return results[0], nil
}

// RunAll evaluates networks with the same classes in one pass over the images, which are read and corrupted once. There
// is a result for each network, as of Run, then with Ensemble that of the ensemble.
func RunAll(networks []*nets.Net, o Options) (results []run.Evaluation, err error) {
	// On another thread libtorch would have other settings and other memory.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if caught := torch.Maybe(func() { results, err = o.run(networks) }); caught != nil {
		return nil, caught
	}
	return results, err
}

func (o Options) run(networks []*nets.Net) ([]run.Evaluation, error) {
	clean := o.limited(o.Dataset)
	sets, err := o.corrupted(clean)
	if err != nil {
		return nil, err
	}
	if slices.Contains(o.Sets, "clean") {
		sets = slices.Insert(sets, 0, imageSet{open: func() (data.Dataset, error) { return clean, nil }})
	}
	w, h, c := clean.Size()
	predictor := NewPredictor(networks[0], w, h, c, o.BatchSize, o.Workers)
	defer predictor.Close()
	for i, net := range networks {
		net.SetBF16(o.BF16)
		if i > 0 {
			predictor.Also(net)
		}
	}
	predictor.PassOver(o.Bad)
	predictor.Capture(!o.NoGraph, o.note)
	if o.FitTemperature {
		predictor.Keep(clean) // Which is run twice.
	}
	pass := &pass{Options: o, predictor: predictor, subjects: o.subjects(len(networks), clean), total: len(sets) * clean.Len()}
	if err := pass.temperatures(clean); err != nil {
		return nil, err
	}
	if err := saveLabels(o.Logits, clean); err != nil {
		return nil, err
	}
	sequences, err := o.perturbed(clean)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		images, err := set.open()
		if err != nil {
			return nil, err
		}
		if err := pass.measure(set, images); err != nil {
			return nil, err
		}
	}
	flips, err := o.flips(networks, sequences)
	if err != nil {
		return nil, err
	}
	var results []run.Evaluation
	for i, s := range pass.subjects {
		if len(sequences) > 0 {
			s.result.Perturbation = flips[i]
		}
		if err := s.finish(clean.Name() == "imagenet"); err != nil {
			return nil, err
		}
		results = append(results, s.result)
	}
	return results, nil
}

// limited returns the first images of a set, or where it is sorted by class some from all over it.
func (o Options) limited(set data.Dataset) data.Dataset {
	return data.Subset(set, o.Limit, data.SortedByClass(set))
}

// Score returns the figures of one set, and of how many of its images they are.
func Score(p *Predictor, set data.Dataset) (scores run.Scores, n int, err error) {
	a := NewAccumulator(p.classes, set.Len())
	var logP []float64
	err = p.Run(set, func(logits []float32, labels []int64) error {
		logP = slices.Grow(logP[:0], len(logits))[:len(logits)]
		logSoftmax(logP, logits, p.classes)
		return a.Add(logP, labels)
	})
	if err != nil {
		return run.Scores{}, 0, err
	}
	if a.Len() == 0 {
		return run.Scores{}, 0, noImage(set)
	}
	return a.Scores(), a.Len(), nil
}

func noImage(set data.Dataset) error { return fmt.Errorf("%s: no image can be read", set.Name()) }
