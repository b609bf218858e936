package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"augmix/corrupt"
	"augmix/run"
)

// evalTable is one checkpoint's evaluation as text.
type evalTable struct {
	title      string // the network, as its papers name it
	normalize  string // and where that came from
	threads    int
	sets       []string
	names      []string // corruptions that were asked for; none means those for testing
	severities []int
	configs    []run.Config // of the network, or of an ensemble's members
	result     run.Evaluation
}

func (t evalTable) write(w io.Writer) error {
	r := t.result
	rows := []row{
		{"checkpoint", strings.Join(r.Checkpoints, ", ")},
		{"network", t.title},
		{"dataset", fmt.Sprintf("%s, n = %s", r.Dataset, count(r.N, r.NExpected))},
		{"precision", fmt.Sprintf("%s, %d threads", r.Precision, t.threads)},
		{"normalisation", t.normalize},
	}
	if r.Clean == nil && r.Corruption == nil && r.Perturbation == nil && r.Fourier == nil { // a dry run
		names := t.names
		if len(names) == 0 {
			names = corrupt.Test()
		}
		rows = append(rows, row{"sets", strings.Join(t.sets, ", ")})
		if slices.Contains(t.sets, "c") {
			rows = append(rows, row{"corruptions", strings.Join(names, ", ")},
				row{"severities", (&severitiesValue{p: &t.severities}).String()})
		}
		return writeRows(w, rows, false)
	}
	if r.Corruption != nil {
		rows = append(rows, row{"corruptions", r.Corruption.Source}, row{"means", r.Corruption.Pooling})
	}
	if t := r.Temperature; t != nil {
		rows = append(rows, row{"temperature", temperatureText(t)})
	}
	if ci := r.Intervals; ci != nil {
		rows = append(rows, row{"intervals", fmt.Sprintf("%.0f %%, %d samples; %s", ci.Level, ci.Resamples, ci.Method)})
	}
	if m := r.Fourier; m != nil {
		rows = append(rows, row{"Fourier map", fmt.Sprintf("mean error %s %% at ε = %g, %d×%d frequencies, %d images",
			percent(m.Mean), m.Epsilon, m.Side, m.Side, m.N)})
	}
	if err := writeRows(w, rows, false); err != nil || r.Clean == nil && r.Corruption == nil && r.Perturbation == nil {
		return err
	}
	if r.Clean != nil || r.Corruption != nil {
		fmt.Fprintln(w)
		if err := writeRows(w, t.summary(), true); err != nil {
			return err
		}
	}
	if r.Corruption != nil {
		fmt.Fprintln(w)
		if err := writeRows(w, t.corruptions(), true); err != nil {
			return err
		}
		if err := t.means(w); err != nil {
			return err
		}
	}
	return t.perturbations(w)
}

func temperatureText(t *run.Temperature) string {
	end := ""
	if t.AtEnd {
		end = ", an end of the range that is searched"
	}
	return fmt.Sprintf("%.4f%s, from %s; n = %d below", t.Value, end, t.From, t.N)
}

// means writes the mean errors below the corruptions.
func (t evalTable) means(w io.Writer) error {
	c := t.result.Corruption
	between := ""
	if ci := t.result.Intervals; ci != nil {
		between = fmt.Sprintf(" (%s to %s)", percent(ci.Corruption.Low.MeanError), percent(ci.Corruption.High.MeanError))
	}
	name := "mean corruption error (unnormalised mCE)"
	if !isWhole(c) {
		name = fmt.Sprintf("mean error of %d corruptions at severities %s, which is no mCE", len(c.ByCorruption), (&severitiesValue{p: &c.Severities}).String())
	}
	_, err := fmt.Fprintf(w, "\n%s: %.2f %%%s\n", name, c.MeanError, between)
	if err != nil || !c.MCE.Known() {
		return err
	}
	normalised := 0
	for _, s := range c.ByCorruption {
		if s.CE.Known() {
			normalised++
		}
	}
	_, err = fmt.Fprintf(w, "mCE, normalised by AlexNet's errors: %s %% of %d corruptions; relative mCE: %s %%\n", known(c.MCE), normalised,
		known(c.RelativeMCE))
	return err
}

// isWhole tells whether a mean is over the corruptions for testing at all severities.
func isWhole(c *run.Corruption) bool {
	if len(c.Severities) != corrupt.Severities || len(c.ByCorruption) != len(corrupt.Test()) {
		return false
	}
	for _, name := range corrupt.Test() {
		if _, ok := c.ByCorruption[name]; !ok {
			return false
		}
	}
	return true
}

// figureNames are the columns of run.Scores.Figures.
var figureNames = row{"error %", "NLL", "Brier", "RMS calib. %", "all bins %", "MAD calib. %", "all bins %", "ECE %", "conf − acc %",
	"soft F1 %", "AURRA %"}

// figures shows all figures of a set; losses and Brier scores with four digits.
func figures(s run.Scores) row {
	var out row
	for _, p := range s.Figures() {
		switch p {
		case &s.NLL, &s.Brier:
			out = append(out, loss(*p))
		default:
			out = append(out, known(run.Number(*p)))
		}
	}
	return out
}

// corrupted are the means over everything as scores.
func corrupted(c *run.Corruption) run.Scores {
	return run.Scores{
		Error: c.MeanError, NLL: c.NLL, Brier: c.Brier, RMSCalibration: c.RMSCalibration, RMSCalibrationAllBins: c.RMSCalibrationAllBins,
		MADCalibration: c.MADCalibration, MADCalibrationAllBins: c.MADCalibrationAllBins, ECE: c.ECE,
		ConfidenceMinusAccuracy: c.ConfidenceMinusAccuracy, SoftF1: c.SoftF1, AURRA: c.AURRA,
	}
}

// summary has a line for the clean set, one for each severity and one for the mean over the corrupted sets; then the same
// at the temperature. Intervals are on two lines below.
func (t evalTable) summary() []row {
	rows := []row{append(row{""}, figureNames...)}
	add := func(name string, s run.Scores) { rows = append(rows, append(row{name}, figures(s)...)) }
	r := t.result
	blocks := func(suffix string, clean *run.Scores, c *run.Corruption, ci *run.Intervals) {
		if clean != nil {
			add("clean"+suffix, *clean)
			if ci != nil {
				add("  from", ci.Clean.Low)
				add("  to", ci.Clean.High)
			}
		}
		if c == nil {
			return
		}
		for i, s := range c.Severities {
			add(fmt.Sprintf("severity %d%s", s, suffix), c.BySeverity[i])
		}
		add("corrupted, mean"+suffix, corrupted(c))
		if ci != nil {
			add("  from", corrupted(&ci.Corruption.Low))
			add("  to", corrupted(&ci.Corruption.High))
		}
	}
	blocks("", r.Clean, r.Corruption, r.Intervals)
	if at := r.Temperature; at != nil {
		blocks(fmt.Sprintf(", T = %.2f", at.Value), at.Clean, at.Corruption, nil)
	}
	return rows
}

// corruptions has a line a corruption, in the paper's order, then the groups.
func (t evalTable) corruptions() []row {
	c := t.result.Corruption
	head := row{"error % at severity"}
	for _, s := range c.Severities {
		head = append(head, strconv.Itoa(s))
	}
	alexNet := c.MCE.Known()
	head = append(head, "mean", "RMS calibration %")
	if alexNet {
		head = append(head, "CE %", "relative CE %")
	}
	rows := []row{head}
	for _, name := range corrupt.Names() {
		scores, ok := c.ByCorruption[name]
		if !ok {
			continue
		}
		line := row{name}
		for _, e := range scores.Severity {
			line = append(line, percent(e))
		}
		line = append(line, percent(scores.Error), known(meanNumber(scores.RMSCalibration)))
		if alexNet {
			line = append(line, known(scores.CE), known(scores.RelativeCE))
		}
		rows = append(rows, line)
	}
	blank := make(row, len(c.Severities)+1)
	for _, group := range corrupt.Groups() {
		if e, ok := c.ByGroup[group]; ok {
			blank[0] = group + " (mean)"
			rows = append(rows, append(slices.Clone(blank), percent(e), ""))
		}
	}
	return rows
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

func loss(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }

func known(x run.Number) string {
	if !x.Known() {
		return "–"
	}
	return percent(float64(x))
}

// meanNumber averages figures; there is none where one of them is missing.
func meanNumber(xs []run.Number) run.Number {
	sum := run.Number(0)
	for _, x := range xs {
		sum += x // NaN, which stands for none, stays
	}
	return sum / run.Number(len(xs))
}
