package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"augmix/run"
)

// figureNames are the columns of run.Scores.Figures.
var figureNames = []string{"error %", "NLL", "Brier", "RMS calib. %", "all bins %", "MAD calib. %", "all bins %", "ECE %",
	"conf − acc %", "soft F1 %", "AURRA %"}

// figureRow has all figures of a set, losses and Brier scores with four digits, and the intervals' ends where there are
// some.
func figureRow(name string, s run.Scores, ends *run.Bounds[run.Scores]) []tableCell {
	out := row(name)
	var low, high run.Scores
	if ends != nil {
		low, high = ends.Low, ends.High
	}
	from, to := low.Figures(), high.Figures()
	for i, p := range s.Figures() {
		digits := 2
		if p == &s.NLL || p == &s.Brier {
			digits = 4
		}
		cell := tableCell{Text: signed(*p, digits)}
		if ends != nil && !math.IsNaN(*from[i]) && !math.IsNaN(*to[i]) {
			cell.Spread = "(" + signed(*from[i], digits) + " to " + signed(*to[i], digits) + ")"
		}
		out = append(out, cell)
	}
	return out
}

// signed writes a figure that may be negative, with a minus sign.
func signed(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strings.Replace(fmt.Sprintf("%.*f", digits, v), "-", "−", 1)
}

// overAll are the means over everything as scores.
func overAll(c *run.Corruption) run.Scores {
	return run.Scores{
		Error: c.MeanError, NLL: c.NLL, Brier: c.Brier, RMSCalibration: c.RMSCalibration, RMSCalibrationAllBins: c.RMSCalibrationAllBins,
		MADCalibration: c.MADCalibration, MADCalibrationAllBins: c.MADCalibrationAllBins, ECE: c.ECE,
		ConfidenceMinusAccuracy: c.ConfidenceMinusAccuracy, SoftF1: c.SoftF1, AURRA: c.AURRA,
	}
}

// figuresTable has all figures of one run: clean, by severity, corrupted, with intervals and at the temperature.
func figuresTable(r Run) grid {
	t := grid{Head: append([]string{"images"}, figureNames...)}
	e := r.Eval
	if e == nil {
		return t
	}
	t.Caption = fmt.Sprintf("n = %s images of each set, %s. Lower is better but for AURRA; above 0, conf − acc says overconfident.", thousands(e.N), e.Precision)
	var clean, corrupted *run.Bounds[run.Scores]
	if i := e.Intervals; i != nil {
		clean = i.Clean
		if c := i.Corruption; c != nil {
			corrupted = &run.Bounds[run.Scores]{Low: overAll(&c.Low), High: overAll(&c.High)}
		}
		t.Notes = append(t.Notes, fmt.Sprintf("In brackets: %.0f %% intervals of %s samples; %s.", i.Level, thousands(i.Resamples), i.Method))
	}
	if e.Clean != nil {
		t.Rows = append(t.Rows, figureRow("clean", *e.Clean, clean))
	}
	if c := e.Corruption; c != nil {
		for i, scores := range c.BySeverity {
			t.Rows = append(t.Rows, figureRow(fmt.Sprintf("severity %d", c.Severities[i]), scores, nil))
		}
		t.Rows = append(t.Rows, figureRow("corrupted, mean", overAll(c), corrupted))
		if c.Pooling != "" {
			t.Notes = append(t.Notes, "Means: "+c.Pooling+".")
		}
	}
	if at := e.Temperature; at != nil {
		name := fmt.Sprintf(" at T = %.2f", at.Value)
		if at.Clean != nil {
			t.Rows = append(t.Rows, figureRow("clean"+name, *at.Clean, nil))
		}
		if at.Corruption != nil {
			t.Rows = append(t.Rows, figureRow("corrupted"+name, overAll(at.Corruption), nil))
		}
		t.Notes = append(t.Notes, fmt.Sprintf("Temperature %.4f from %s; n = %s there.", at.Value, at.From, thousands(at.N)))
	}
	return t
}

// gridOf makes a table for the page of the columns of one for a terminal.
func gridOf(columns []column) grid {
	var t grid
	for _, c := range columns {
		t.Head = append(t.Head, strings.TrimSpace(c.Over+" "+c.Under))
		for i, cell := range c.cells {
			if len(t.Rows) <= i {
				t.Rows = append(t.Rows, nil)
			}
			t.Rows[i] = append(t.Rows[i], tableCell{Text: cell})
		}
	}
	return t
}

func runsTable(s Summary) grid {
	t := gridOf(s.columns())
	t.Caption = "Lower is better in every column."
	return t
}

// seedsTable has a row a group with the mean and the spread over seeds, the best of each column marked where all were
// measured alike.
func seedsTable(s Summary) grid {
	type measure struct {
		name string
		of   func(Seeds) Spread
	}
	measures := []measure{{"clean error %", func(g Seeds) Spread { return g.Clean }}}
	for _, name := range s.Groups {
		measures = append(measures, measure{name + " error %", func(g Seeds) Spread {
			if v, ok := g.Groups[name]; ok {
				return v
			}
			return Spread{Mean: run.None(), Std: run.None()}
		}})
	}
	measures = append(measures,
		measure{"mean corruption error %", func(g Seeds) Spread { return g.Mean }},
		measure{"mCE by AlexNet %", func(g Seeds) Spread { return g.MCE }},
		measure{"RMS calibration, clean %", func(g Seeds) Spread { return g.CleanCalibration }},
		measure{"RMS calibration, corrupted %", func(g Seeds) Spread { return g.Calibration }},
		measure{"mean flip probability %", func(g Seeds) Spread { return g.MFP }},
		measure{"mean flip rate by AlexNet %", func(g Seeds) Spread { return g.MFR }})
	t := grid{Caption: "Lower is better in every column.", Head: []string{"runs", "n"}}
	for _, g := range s.Seeds {
		t.Rows = append(t.Rows, []tableCell{{Text: g.Label, Sub: g.Dataset + ", " + g.Network}, {Text: fmt.Sprint(g.N)}})
	}
	comparable := len(s.Seeds) > 1 && alike(s.Seeds) && len(distinct(s.Runs, func(r Run) string { return r.Config.Dataset })) == 1
	for _, m := range measures {
		var means []run.Number
		for _, g := range s.Seeds {
			means = append(means, m.of(g).Mean)
		}
		if !slices.ContainsFunc(means, run.Number.Known) {
			continue
		}
		t.Head = append(t.Head, m.name)
		marks := best(means)
		for i, g := range s.Seeds {
			cell := spreadCell(m.of(g), g.N)
			cell.Best = comparable && marks[i]
			t.Rows[i] = append(t.Rows[i], cell)
		}
	}
	if slices.ContainsFunc(s.Seeds, func(g Seeds) bool { return g.Seconds.Mean.Known() }) {
		t.Head = append(t.Head, "training time")
		for i, g := range s.Seeds {
			text := "–"
			if v := g.Seconds.Mean; v.Known() {
				text = duration(float64(v))
			}
			t.Rows[i] = append(t.Rows[i], tableCell{Text: text})
		}
	}
	if comparable {
		t.Notes = append(t.Notes, "★ The lowest of its column.")
	} else if len(s.Seeds) > 1 {
		t.Notes = append(t.Notes, "These runs were not measured on the same images in the same way, so none is marked as the best.")
	}
	if several(s.Seeds) {
		t.Notes = append(t.Notes, "Mean ± sample standard deviation over n seeds.")
	}
	return t
}

// spreadCell is a mean with its spread below it, and with the number of runs where that is not n.
func spreadCell(v Spread, n int) tableCell {
	cell := tableCell{Text: number(v.Mean)}
	if v.Std.Known() {
		cell.Spread = "± " + decimal(float64(v.Std))
	}
	if v.N > 0 && v.N != n {
		cell.Sub = fmt.Sprintf("n = %d", v.N)
	}
	return cell
}

// corruptionTable has the error of each group on each corruption, and what is published of it.
func corruptionTable(s Summary) grid {
	t := grid{Caption: "Error %, the mean over severities.", Head: append([]string{"corruption"}, labels(s.Seeds)...)}
	var single *run.Corruption
	if len(s.Runs) == 1 {
		if single = s.Runs[0].corruption(); single != nil {
			t.Head = []string{"corruption", "mean error %"}
			for _, severity := range single.Severities {
				t.Head = append(t.Head, fmt.Sprintf("severity %d", severity))
			}
		}
	}
	for _, name := range s.Corruptions {
		cells := row(spaced(name))
		for _, g := range s.Seeds {
			v, ok := g.Corruptions[name]
			if !ok {
				v = Spread{Mean: run.None(), Std: run.None()}
			}
			cell := spreadCell(v, g.N)
			if g.trainedOn(name) {
				cell.Sub = strings.TrimLeft(cell.Sub+", trained on it", ", ")
			}
			cells = append(cells, cell)
		}
		if single != nil {
			for _, e := range single.ByCorruption[name].Severity {
				cells = append(cells, tableCell{Text: decimal(e)})
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	t.addPublished(s)
	return t
}

// flipsTable has the flip probability of each group along each perturbation, and the means.
func flipsTable(s Summary) grid {
	t := grid{Caption: "Flip probability %.", Head: append([]string{"perturbation"}, labels(s.Seeds)...)}
	for _, name := range s.Perturbations {
		cells := row(spaced(name))
		for _, g := range s.Seeds {
			v, ok := g.Perturbations[name]
			if !ok {
				v = Spread{Mean: run.None(), Std: run.None()}
			}
			cells = append(cells, spreadCell(v, g.N))
		}
		t.Rows = append(t.Rows, cells)
	}
	for _, mean := range []struct {
		name string
		of   func(Seeds) Spread
	}{
		{"mean of the ten for testing (mFP)", func(g Seeds) Spread { return g.MFP }},
		{"the same normalised by AlexNet’s (mFR)", func(g Seeds) Spread { return g.MFR }},
	} {
		cells, known := row(mean.name), false
		for _, g := range s.Seeds {
			cells = append(cells, spreadCell(mean.of(g), g.N))
			known = known || mean.of(g).N > 0
		}
		if known {
			t.Rows = append(t.Rows, cells)
		}
	}
	for _, g := range s.Seeds {
		c := g.members[0].Config
		if published, ok := publishedFlipRates[[3]string{c.Dataset, network(c), c.Method}]; ok && g.MFR.N > 0 {
			t.Notes = append(t.Notes, fmt.Sprintf("Published mFR of %s with %s: %.1f %% (hendrycks/robustness, README; on the published "+
				"ImageNet-P).", network(c), c.Method, published))
		}
	}
	made := func(r Run) bool { return r.mfr().Known() && strings.Contains(r.Eval.Perturbation.Source, "generated") }
	if len(t.Notes) > 0 && slices.ContainsFunc(s.Runs, made) {
		t.Notes = append(t.Notes, "The flip rates here are along sequences generated by this program, which differ from the published ones.")
	}
	return t
}
