package eval

import (
	"fmt"
	"io"
	"slices"

	"augmix/data"
)

// pass is one pass of all networks over all sets.
type pass struct {
	Options
	predictor   *Predictor
	subjects    []*subject
	held        func(i int) bool // Whether test image i is one that the temperature was fitted to.
	done, total int              // Images.

	logP [][]float64 // Scratch, one of each network and one of the ensemble: [n, classes].
}

// heldShare is the share of the test images that a temperature is fitted to where there are no others: one in so many.
const heldShare = 10

// temperatures decides the subjects' temperatures.
func (p *pass) temperatures(clean data.Dataset) error {
	p.held = func(int) bool { return false }
	if p.Temperature != 0 {
		for _, s := range p.subjects {
			s.scale(p.Temperature, "--temperature", false)
		}
	}
	if !p.FitTemperature {
		return nil
	}
	set, from := p.Held, p.HeldName
	if set == nil {
		n := clean.Len() / heldShare
		if n == 0 {
			return fmt.Errorf("%d test images are too few to hold every tenth out for the temperature; use more, or give one", clean.Len())
		}
		set = data.Subset(clean, n, true)
		step := clean.Len() / n
		p.held = func(i int) bool { return i%step == 0 && i/step < n }
		from = fmt.Sprintf("one in %d of the %d clean test images (%d in all), which are left out here, also corrupted", step, clean.Len(), n)
	}
	p.total += set.Len()
	logP, labels := make([][]float64, len(p.subjects)), []int64(nil)
	err := p.predictor.Each(set, func(o Outputs) error {
		p.progress(len(o.Labels), "temperature")
		for i, of := range p.probabilities(o) {
			logP[i] = append(logP[i], of...)
		}
		labels = append(labels, o.Labels...)
		return nil
	})
	if err != nil {
		return err
	}
	if len(labels) == 0 {
		return noImage(set)
	}
	for i, s := range p.subjects {
		// Refuses what is not finite.
		if err := NewAccumulator(s.classes, len(labels)).Add(logP[i], labels); err != nil {
			return fmt.Errorf("%s: %w", set.Name(), err)
		}
		t, atEnd := fitTemperature(logP[i], labels, s.classes)
		s.scale(t, from, atEnd)
	}
	return nil
}

// probabilities returns the logarithms of each subject's probabilities, valid until the next call.
func (p *pass) probabilities(o Outputs) [][]float64 {
	n := len(o.Logits[0])
	for len(p.logP) < len(p.subjects) {
		p.logP = append(p.logP, nil)
	}
	for i := range p.logP {
		p.logP[i] = slices.Grow(p.logP[i][:0], n)[:n]
	}
	for i, logits := range o.Logits {
		logSoftmax(p.logP[i], logits, p.predictor.classes)
	}
	if p.Ensemble {
		members := len(o.Logits)
		meanOfSoftmax(p.logP[members], p.logP[:members])
	}
	return p.logP
}

// measure runs the networks on one set.
func (p *pass) measure(set imageSet, images data.Dataset) error {
	for _, s := range p.subjects {
		s.begin(images.Len())
	}
	return saveLogits(p.Logits, set.String(), images.Len(), p.predictor.classes, func(files []io.Writer) error {
		rows := newRowWriters(files, p.predictor.classes)
		err := p.predictor.Each(images, func(o Outputs) error {
			p.progress(len(o.Labels), set.String())
			for i, logP := range p.probabilities(o) {
				if err := p.subjects[i].add(logP, o, p.held); err != nil {
					return err
				}
			}
			return rows.write(o)
		})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(p.subjects, (*subject).empty) {
			return noImage(images)
		}
		for _, s := range p.subjects {
			s.end(set, p.Resamples)
		}
		return rows.missing(images.Len())
	})
}

func (p *pass) progress(n int, what string) {
	p.done += n
	if p.Progress != nil {
		p.Progress(p.done, p.total, what)
	}
}
