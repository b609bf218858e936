package eval

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
	"augmix/nets"
	"augmix/run"
)

// sequenceSet is the sequences of one perturbation.
type sequenceSet struct {
	name, source string
	open         func() (data.Sequences, error)
}

// DefaultPerturbations are those that are measured where none are named: the ones for
// testing, and spatter, which CIFAR's published evaluation has in the place of snow.
func DefaultPerturbations() []string { return append(corrupt.TestPerturbations(), "spatter") }

// perturbed lists the sequences that are asked for: read from the published layout where that is there, else made.
func (o Options) perturbed(clean data.Dataset) ([]sequenceSet, error) {
	if !slices.Contains(o.Sets, "p") {
		return nil, nil
	}
	making := benchmark.Making{Seed: benchmark.Seed}
	w, h, _ := clean.Size()
	source := func(string) string { return making.SequenceSource(w, h) }
	open := func(name string) (data.Sequences, error) { return benchmark.Perturbed(clean, name, making) }
	names := orElse(o.Perturbations, DefaultPerturbations())
	if dir := o.published(o.PData, data.FindP); dir != "" {
		held, err := benchmark.PerturbationContents(data.DirP(dir, clean.Name()))
		if err != nil {
			return nil, err
		}
		p, err := data.OpenPartP(dir, clean, held.Part)
		if err != nil {
			return nil, err
		}
		if names, err = o.names(o.Perturbations, DefaultPerturbations(), held, p.Dir(), "perturbations", "--perturbations"); err != nil {
			return nil, err
		}
		source, open = held.Source, func(name string) (data.Sequences, error) { return p.Sequences(name, 0) }
	}
	var out []sequenceSet
	for _, name := range names {
		out = append(out, sequenceSet{name, source(name), func() (data.Sequences, error) { return open(name) }})
	}
	return out, nil
}

// flips measures the sequences of all perturbations and returns the figures of each
// network, then with Ensemble those of the ensemble.
func (o Options) flips(networks []*nets.Net, sets []sequenceSet) ([]*run.Perturbation, error) {
	var out []*run.Perturbation
	for range o.subjectCount(len(networks)) {
		out = append(out, &run.Perturbation{MFR: run.None(), ByPerturbation: map[string]run.PerturbationScores{}})
	}
	for k, set := range sets {
		sequences, err := set.open()
		if err != nil {
			return nil, err
		}
		all, err := o.flipsOf(networks, set, sequences, func(done, total int) {
			if o.Progress != nil {
				o.Progress(k*total+done, len(sets)*total, set.name)
			}
		})
		if err != nil {
			return nil, err
		}
		for i, f := range all {
			scores := f.Scores()
			scores.Source = set.source
			out[i].ByPerturbation[set.name] = scores
			out[i].Sequences = f.Len()
		}
	}
	for _, p := range out {
		summarisePerturbations(p)
		if o.FlipNorm != nil {
			o.FlipNorm.normalise(p)
		}
	}
	return out, nil
}

// flipsOf measures one perturbation; show is told of sequences.
func (o Options) flipsOf(networks []*nets.Net, set sequenceSet, sequences data.Sequences, show func(done, total int)) ([]*Flips, error) {
	frames := sequences.Frames()
	w, h, c := sequences.Size()
	predictor := NewSequencePredictor(networks[0], w, h/frames, c, frames, max(1, o.BatchSize/frames), o.Workers)
	defer predictor.Close()
	predictor.PassOver(o.Bad)
	predictor.Capture(!o.NoGraph, o.note)
	for _, net := range networks[1:] {
		predictor.Also(net)
	}
	var all []*Flips
	for range o.subjectCount(len(networks)) {
		all = append(all, NewFlips(predictor.classes, frames, corrupt.IsNoise(set.name)))
	}
	var mixed []float32
	err := predictor.Each(sequences, func(outputs Outputs) error {
		for i, logits := range outputs.Logits {
			if slices.ContainsFunc(logits, func(v float32) bool { return v-v != 0 }) {
				return errors.New("the network's output is not finite")
			}
			all[i].Add(logits)
		}
		if o.Ensemble {
			mixed = ensembleLogits(mixed, outputs.Logits, predictor.classes)
			all[len(networks)].Add(mixed)
		}
		show(all[0].Len(), sequences.Len())
		return nil
	})
	if err == nil && all[0].Len() == 0 {
		err = fmt.Errorf("%s: no sequence can be read", set.name)
	}
	return all, err
}

// summarisePerturbations fills the means of p from p.ByPerturbation.
func summarisePerturbations(p *run.Perturbation) {
	names := slices.Sorted(maps.Keys(p.ByPerturbation))
	p.MFP = meanFlips(p, corrupt.TestPerturbations())
	withSpatter := corrupt.TestPerturbations()
	withSpatter[slices.Index(withSpatter, "snow")] = "spatter"
	p.MFPWithSpatter = meanFlips(p, withSpatter)
	var sources []string
	for _, name := range names {
		sources = append(sources, p.ByPerturbation[name].Source)
	}
	slices.Sort(sources)
	p.Source = strings.Join(slices.Compact(sources), " and ")
}

// meanFlips is the mean flip probability over all names; none where one is missing.
func meanFlips(p *run.Perturbation, names []string) run.Number {
	var flips []float64
	for _, name := range names {
		scores, ok := p.ByPerturbation[name]
		if !ok {
			return run.None()
		}
		flips = append(flips, scores.FlipProbability)
	}
	return run.Number(mean(flips))
}
