package eval

import (
	"math"
	"slices"

	"augmix/data"
	"augmix/run"
)

// subject is what figures are about: a network, or the ensemble of all.
type subject struct {
	classes int
	result  run.Evaluation

	raw     *Accumulator // of the set that is being measured
	cells   []Cell
	shifted map[int][]bin // by severity, of all corruptions

	// The same at the temperature, if there is one.
	scaled      *Accumulator
	scaledCells []Cell
	rescaled    []float64 // scratch
	kept        []float64
	keptLabels  []int64

	// Of the bootstrap, if there is one.
	cleanResampled []run.Scores
	cellsResampled [][]run.Scores
}

// subjectCount is how many subjects n networks have.
func (o Options) subjectCount(n int) int {
	if o.Ensemble {
		n++
	}
	return n
}

// subjects returns those of n networks.
func (o Options) subjects(n int, clean data.Dataset) []*subject {
	var out []*subject
	for range o.subjectCount(n) {
		s := &subject{classes: len(clean.Classes()), shifted: map[int][]bin{}}
		s.result = run.Evaluation{Dataset: clean.Name(), N: clean.Len(), NExpected: clean.Len(), Precision: "fp32"}
		if o.BF16 {
			s.result.Precision = "bf16"
		}
		out = append(out, s)
	}
	return out
}

// scale makes the subject give its figures also at a temperature.
func (s *subject) scale(t float64, from string, atEnd bool) {
	s.result.Temperature = &run.Temperature{Value: t, From: from, AtEnd: atEnd, N: math.MaxInt}
}

// begin prepares for a set of n images.
func (s *subject) begin(n int) {
	s.raw = NewAccumulator(s.classes, n)
	s.scaled = NewAccumulator(s.classes, n)
}

// add takes the logarithms of the probabilities of a batch.
func (s *subject) add(logP []float64, o Outputs, held func(i int) bool) error {
	if err := s.raw.Add(logP, o.Labels); err != nil || s.result.Temperature == nil {
		return err
	}
	s.kept, s.keptLabels = s.kept[:0], s.keptLabels[:0]
	for i, index := range o.Index {
		if !held(index) {
			s.kept = append(s.kept, logP[i*s.classes:(i+1)*s.classes]...)
			s.keptLabels = append(s.keptLabels, o.Labels[i])
		}
	}
	s.rescaled = slices.Grow(s.rescaled[:0], len(s.kept))[:len(s.kept)]
	rescale(s.rescaled, s.kept, s.classes, s.result.Temperature.Value)
	return s.scaled.Add(s.rescaled, s.keptLabels)
}

// empty reports whether nothing was added.
func (s *subject) empty() bool {
	return s.raw.Len() == 0 || s.result.Temperature != nil && s.scaled.Len() == 0
}

// end turns what was added into the figures of the set.
func (s *subject) end(set imageSet, resamples int) {
	scores, t := s.raw.Scores(), s.result.Temperature
	s.result.N = min(s.result.N, s.raw.Len())
	var scaled run.Scores
	if t != nil {
		t.N = min(t.N, s.scaled.Len())
		scaled = s.scaled.Scores()
	}
	var resampled []run.Scores
	if resamples > 0 {
		resampled = resample(s.raw.images, resamples)
	}
	if s.result.Reliability == nil {
		s.result.Reliability = &run.Reliability{}
	}
	bins := equalWidthBins(s.raw.images, byConfidence(s.raw.images))
	if set.severity == 0 {
		s.result.Clean, s.cleanResampled = &scores, resampled
		s.result.Reliability.Clean = reliabilityOf(bins)
		if t != nil {
			t.Clean = &scaled
		}
		return
	}
	cell := Cell{Corruption: set.name, Severity: set.severity, Source: set.source, Scores: scores}
	s.cells = append(s.cells, cell)
	s.cellsResampled = append(s.cellsResampled, resampled)
	s.shifted[set.severity] = merge(s.shifted[set.severity], bins)
	cell.Scores = scaled
	s.scaledCells = append(s.scaledCells, cell)
}

// finish summarises all sets; alexNet says whether AlexNet's errors normalise those of corruptions.
func (s *subject) finish(alexNet bool) error {
	summarise := func(cells []Cell, clean *run.Scores) (*run.Corruption, error) {
		if len(cells) == 0 {
			return nil, nil
		}
		c, err := Corruptions(cells)
		if err == nil && alexNet {
			cleanError := math.NaN()
			if clean != nil {
				cleanError = clean.Error
			}
			normaliseByAlexNet(c, cleanError)
		}
		return c, err
	}
	r := &s.result
	var err error
	if r.Corruption, err = summarise(s.cells, r.Clean); err != nil {
		return err
	}
	if r.Corruption != nil {
		for _, severity := range r.Corruption.Severities {
			r.Reliability.BySeverity = append(r.Reliability.BySeverity, reliabilityOf(s.shifted[severity]))
		}
	}
	if t := r.Temperature; t != nil {
		if t.Corruption, err = summarise(s.scaledCells, t.Clean); err != nil {
			return err
		}
	}
	return s.intervals(summarise)
}

// intervals summarises the resamples.
func (s *subject) intervals(summarise func([]Cell, *run.Scores) (*run.Corruption, error)) error {
	r := &s.result
	n := len(s.cleanResampled)
	if len(s.cellsResampled) > 0 {
		n = len(s.cellsResampled[0])
	}
	if n == 0 {
		return nil
	}
	r.Intervals = newIntervals(n)
	if r.Clean != nil {
		r.Intervals.Clean = bounds(*r.Clean, s.cleanResampled)
	}
	if r.Corruption == nil {
		return nil
	}
	cells, resampled := slices.Clone(s.cells), make([]run.Corruption, n)
	for b := range n {
		for i := range cells {
			cells[i].Scores = s.cellsResampled[i][b]
		}
		var clean *run.Scores
		if r.Clean != nil {
			clean = &s.cleanResampled[b]
		}
		c, err := summarise(cells, clean)
		if err != nil {
			return err
		}
		resampled[b] = *c
	}
	r.Intervals.Corruption = bounds(*r.Corruption, resampled)
	return nil
}
