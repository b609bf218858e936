package eval

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"augmix/corrupt"
	"augmix/run"
)

// Cell is the scores of one corruption at one severity.
type Cell struct {
	Corruption string
	Severity   int    // 1 to 5
	Source     string // of the images: "published" or, for example, "generated (seed 0)"
	Scores     run.Scores
}

// Corruptions summarises the cells of a corruption benchmark, which may come in any
// order: every figure is averaged over severities, then over corruptions. The error
// so averaged, not normalised by another network's, is what the CIFAR literature
// calls mCE. It is an error if a cell is there twice, if a corruption lacks a
// severity that another has, or if its severities come from two sources.
func Corruptions(cells []Cell) (*run.Corruption, error) {
	if len(cells) == 0 {
		return nil, errors.New("corruption errors: no corruption was evaluated")
	}
	cells = slices.SortedStableFunc(slices.Values(cells), func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Corruption, b.Corruption), cmp.Compare(a.Severity, b.Severity))
	})
	out := &run.Corruption{
		MCE: run.None(), RelativeMCE: run.None(), Pooling: run.Pooling,
		Severities:   severities(cells),
		ByCorruption: map[string]run.CorruptionScores{},
	}
	var means []run.Scores // of each corruption, sorted by name
	bySeverity := make([][]run.Scores, len(out.Severities))
	for len(cells) > 0 {
		name, n := cells[0].Corruption, 1
		for n < len(cells) && cells[n].Corruption == name {
			n++
		}
		scores, err := across(cells[:n], out.Severities)
		if err != nil {
			return nil, err
		}
		out.ByCorruption[name] = scores
		var all []run.Scores
		for i, c := range cells[:n] {
			all = append(all, c.Scores)
			bySeverity[i] = append(bySeverity[i], c.Scores)
		}
		means = append(means, meanScores(all))
		cells = cells[n:]
	}
	for _, all := range bySeverity {
		out.BySeverity = append(out.BySeverity, meanScores(all))
	}
	setMeans(out, meanScores(means))
	group(out)
	return out, nil
}

// severities returns those of all cells, the mildest first.
func severities(cells []Cell) []int {
	set := map[int]bool{}
	for _, c := range cells {
		set[c.Severity] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// across turns the cells of one corruption, sorted by severity, into its scores.
func across(cells []Cell, severities []int) (run.CorruptionScores, error) {
	name, source := cells[0].Corruption, cells[0].Source
	s := run.CorruptionScores{CE: run.None(), RelativeCE: run.None(), Source: source}
	var has []int
	for _, c := range cells {
		if c.Source != source {
			return s, fmt.Errorf("corruption %s: its images are %s and %s, want one source", name, source, c.Source)
		}
		has = append(has, c.Severity)
		s.Severity = append(s.Severity, c.Scores.Error)
		s.NLL = append(s.NLL, c.Scores.NLL)
		s.Brier = append(s.Brier, c.Scores.Brier)
		s.RMSCalibration = append(s.RMSCalibration, c.Scores.RMSCalibration)
		s.RMSCalibrationAllBins = append(s.RMSCalibrationAllBins, c.Scores.RMSCalibrationAllBins)
		s.MADCalibration = append(s.MADCalibration, c.Scores.MADCalibration)
		s.MADCalibrationAllBins = append(s.MADCalibrationAllBins, c.Scores.MADCalibrationAllBins)
		s.ECE = append(s.ECE, c.Scores.ECE)
		s.ConfidenceMinusAccuracy = append(s.ConfidenceMinusAccuracy, c.Scores.ConfidenceMinusAccuracy)
		s.SoftF1 = append(s.SoftF1, c.Scores.SoftF1)
		s.AURRA = append(s.AURRA, c.Scores.AURRA)
	}
	if !slices.Equal(has, severities) {
		return s, fmt.Errorf("corruption %s was evaluated at severities %v, want each of %v once", name, has, severities)
	}
	s.Error = mean(s.Severity)
	return s, nil
}

// meanScores averages each figure; there is none where one of them is missing.
func meanScores(all []run.Scores) run.Scores {
	var out run.Scores
	for i, p := range out.Figures() {
		values := make([]float64, len(all))
		for j := range all {
			values[j] = *all[j].Figures()[i]
		}
		*p = mean(values)
	}
	return out
}

// setMeans fills the figures of out that are means over everything.
func setMeans(out *run.Corruption, m run.Scores) {
	out.MeanError, out.NLL, out.Brier = m.Error, m.NLL, m.Brier
	out.RMSCalibration, out.RMSCalibrationAllBins = m.RMSCalibration, m.RMSCalibrationAllBins
	out.MADCalibration, out.MADCalibrationAllBins = m.MADCalibration, m.MADCalibrationAllBins
	out.ECE, out.ConfidenceMinusAccuracy = m.ECE, m.ConfidenceMinusAccuracy
	out.SoftF1, out.AURRA = m.SoftF1, m.AURRA
}

// group fills the errors by group and the sources of out from out.ByCorruption.
func group(out *run.Corruption) {
	groups, sources := map[string][]float64{}, map[string]bool{}
	// Sorted, so that the sums are the same every time.
	for _, name := range slices.Sorted(maps.Keys(out.ByCorruption)) {
		s := out.ByCorruption[name]
		sources[s.Source] = true
		group := cmp.Or(corrupt.Group(name), otherGroup)
		groups[group] = append(groups[group], s.Error)
	}
	out.Source = strings.Join(slices.Sorted(maps.Keys(sources)), " and ")
	out.ByGroup = map[string]float64{}
	for group, errors := range groups {
		out.ByGroup[group] = mean(errors)
	}
}

// otherGroup holds corruptions that the paper does not know.
const otherGroup = "other"

// mean returns the mean of at least one value.
func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
