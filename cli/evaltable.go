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
	normalize  string
	source     string // where the normalisation came from
	threads    int
	sets       []string
	names      []string // corruptions that were asked for; none means those for testing
	severities []int
	result     run.Evaluation
}

func (t evalTable) write(w io.Writer) error {
	r := t.result
	rows := []row{
		{"checkpoint", strings.Join(r.Checkpoints, ", ")},
		{"network", t.title},
		{"dataset", fmt.Sprintf("%s, n = %s", r.Dataset, count(r.N, r.NExpected))},
		{"precision", fmt.Sprintf("%s, %d threads", r.Precision, t.threads)},
		{"normalisation", fmt.Sprintf("%s (%s)", t.normalize, t.source)},
	}
	if r.Clean == nil && r.Corruption == nil { // a dry run
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
		rows = append(rows, row{"corruptions", r.Corruption.Source})
	}
	if err := writeRows(w, rows, false); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := writeRows(w, t.summary(), true); err != nil || r.Corruption == nil {
		return err
	}
	fmt.Fprintln(w)
	if err := writeRows(w, t.corruptions(), true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nmean corruption error (unnormalised mCE): %.2f %%\n", r.Corruption.MeanError)
	return err
}

// summary has a line for the clean set and one for the mean over the corrupted
// ones.
func (t evalTable) summary() []row {
	rows := []row{{"", "error %", "NLL", "Brier", "RMS calibration %", "all bins %", "ECE %", "conf − acc %"}}
	if c := t.result.Clean; c != nil {
		rows = append(rows, row{"clean", percent(c.Error), loss(c.NLL), loss(c.Brier), known(c.RMSCalibration),
			known(c.RMSCalibrationAllBins), percent(c.ECE), percent(c.ConfidenceMinusAccuracy)})
	}
	if c := t.result.Corruption; c != nil {
		rows = append(rows, row{"corrupted, mean", percent(c.MeanError), loss(c.NLL), loss(c.Brier), known(c.RMSCalibration),
			known(c.RMSCalibrationAllBins), percent(c.ECE), percent(c.ConfidenceMinusAccuracy)})
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
	rows := []row{append(head, "mean", "RMS calibration %")}
	for _, name := range corrupt.Names() {
		scores, ok := c.ByCorruption[name]
		if !ok {
			continue
		}
		line := row{name}
		for _, e := range scores.Severity {
			line = append(line, percent(e))
		}
		rows = append(rows, append(line, percent(scores.Error), known(meanNumber(scores.RMSCalibration))))
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
