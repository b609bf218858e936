package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"augmix/run"
)

// Bounds of what a report shows. The program itself stays far below them.
const (
	mostNames = 200  // of corruptions or perturbations
	mostBins  = 1000 // of a reliability diagram
	mostSide  = 511  // of a Fourier map
	longest   = 64   // runes of a name
)

// check removes from e what a report cannot show because it contradicts itself, as a
// file does that was edited or is another program's, and says what was removed.
func check(e *run.Evaluation) (problems []string) {
	drop := func(format string, args ...any) { problems = append(problems, visible(fmt.Sprintf(format, args...))) }
	if e.Clean != nil && !sound(*e.Clean) {
		drop("the clean figures are out of range")
		e.Clean = nil
	}
	if c := e.Corruption; c != nil {
		if reason := checkCorruption(c, drop); reason != "" {
			drop("the corruption figures are left out: %s", reason)
			e.Corruption = nil
		}
	}
	if p := e.Perturbation; p != nil {
		for _, name := range slices.Sorted(maps.Keys(p.ByPerturbation)) {
			if !isRate(p.ByPerturbation[name].FlipProbability) || utf8.RuneCountInString(name) > longest {
				drop("the perturbation %s is left out: its figure is out of range", clip(name))
				delete(p.ByPerturbation, name)
			}
		}
		if n := len(p.ByPerturbation); n == 0 || n > mostNames || !isRateOrNone(p.MFP) || !isRateOrNone(p.MFPWithSpatter) ||
			p.MFR < 0 || p.MFR > 1e9 {
			drop("the flip probabilities are left out: there is none, or they are out of range")
			e.Perturbation = nil
		}
	}
	checkReliability(e, drop)
	if m := e.Fourier; m != nil && !soundMap(*m) {
		drop("the Fourier map is left out: it is not a square of rates")
		e.Fourier = nil
	}
	if t := e.Temperature; t != nil && (!(t.Value > 0) || t.Clean != nil && !sound(*t.Clean)) {
		drop("the temperature is left out: its figures are out of range")
		e.Temperature = nil
	}
	if i := e.Intervals; i != nil {
		if i.Clean != nil && e.Clean == nil || i.Corruption != nil && e.Corruption == nil {
			e.Intervals = nil // They are about what was left out.
		}
	}
	return problems
}

// checkCorruption removes what cannot be shown and returns why nothing can be, "" where something is left.
func checkCorruption(c *run.Corruption, drop func(string, ...any)) string {
	n := len(c.Severities)
	for i, s := range c.Severities {
		if s < 1 || s > 5 || i > 0 && s <= c.Severities[i-1] {
			return "the severities are not ascending numbers from 1 to 5"
		}
	}
	if n == 0 || !isRate(c.MeanError) || len(c.ByCorruption) > mostNames {
		return "they have no severities or no mean"
	}
	for _, name := range slices.Sorted(maps.Keys(c.ByCorruption)) {
		s := c.ByCorruption[name]
		if len(s.Severity) != n || !isRate(s.Error) || slices.ContainsFunc(s.Severity, not(isRate)) || utf8.RuneCountInString(name) > longest {
			drop("the corruption %s is left out: it has no rate for each severity", clip(name))
			delete(c.ByCorruption, name)
		}
	}
	if len(c.ByCorruption) == 0 {
		return "no corruption can be shown"
	}
	for _, group := range slices.Sorted(maps.Keys(c.ByGroup)) {
		if !isRate(c.ByGroup[group]) || utf8.RuneCountInString(group) > longest {
			drop("the group %s is left out: its mean is out of range", clip(group))
			delete(c.ByGroup, group)
		}
	}
	if len(c.BySeverity) != n || slices.ContainsFunc(c.BySeverity, not(sound)) {
		drop("the means by severity are left out: there is not one for each severity")
		c.BySeverity = nil
	}
	return ""
}

func checkReliability(e *run.Evaluation, drop func(string, ...any)) {
	r := e.Reliability
	if r == nil {
		return
	}
	if e.Corruption == nil || len(r.BySeverity) != len(e.Corruption.Severities) {
		r.BySeverity = nil
	}
	for _, bins := range append([][]run.Bin{r.Clean}, r.BySeverity...) {
		bad := func(b run.Bin) bool {
			return b.N < 0 || b.N > 1<<40 || b.N > 0 && !(isRate(float64(b.Confidence)) && isRate(float64(b.Accuracy)))
		}
		if len(bins) > mostBins || slices.ContainsFunc(bins, bad) {
			drop("the reliability diagrams are left out: their bins are out of range")
			e.Reliability = nil
			return
		}
	}
}

// sound tells whether the figures of a set of images can be what they are called.
func sound(s run.Scores) bool {
	for _, v := range s.Figures() {
		if math.IsInf(*v, 0) || math.Abs(*v) > 1e9 {
			return false
		}
	}
	return isRate(s.Error)
}

// soundRow tells whether an epoch's figures can be what they are called.
func soundRow(r run.Row) bool {
	return math.Abs(r.TrainLoss) <= 1e9 && math.Abs(r.TestLoss) <= 1e9 && isRate(r.TestError)
}

func soundMap(m run.FourierMap) bool {
	if m.Side < 1 || m.Side > mostSide || m.Side%2 == 0 || len(m.Error) != m.Side || !isRate(m.Mean) {
		return false
	}
	for _, row := range m.Error {
		if len(row) != m.Side || slices.ContainsFunc(row, not(isRate)) {
			return false
		}
	}
	return true
}

// isRate tells whether v is a percentage. Means of percentages may leave the range by their rounding.
func isRate(v float64) bool { return v >= -1e-9 && v <= 100+1e-9 }

func isRateOrNone(v run.Number) bool { return !v.Known() || isRate(float64(v)) }

func not[T any](is func(T) bool) func(T) bool { return func(v T) bool { return !is(v) } }

// clip shortens a name for a message or for the space beside an axis.
func clip(name string) string {
	if r := []rune(name); len(r) > 17 {
		return string(r[:16]) + "…"
	}
	return name
}
