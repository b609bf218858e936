package report

import (
	"fmt"
	"path/filepath"
	"slices"

	"augmix/run"
)

// The pictures' file names below plots/.
const (
	corruptionPlot = "corruption_errors.png"
	severityPlot   = "severity.png"
	trainingPlot   = "training_curves.png"
)

// resultsSection has the tables of figures.
func resultsSection(s Summary) section {
	sec := section{ID: "results", Title: "Results"}
	if len(s.Runs) == 1 {
		if table := figuresTable(s.Runs[0]); len(table.Rows) > 0 {
			sec.Tables = append(sec.Tables, table)
		}
	} else {
		sec.Tables = append(sec.Tables, seedsTable(s))
		if several(s.Seeds) {
			sec.Folded = append(sec.Folded, folded{Summary: "Each run by itself", Table: runsTable(s)})
		}
		for _, r := range s.Runs {
			if table := figuresTable(r); len(table.Rows) > 0 && len(s.Runs) <= 12 {
				sec.Folded = append(sec.Folded, folded{Summary: "All figures of " + r.Name, Table: table})
			}
		}
	}
	for _, c := range s.Tables {
		if len(c.Rows) > 1 || len(c.Sources) > 0 {
			sec.Tables = append(sec.Tables, comparisonTable(c))
		}
	}
	if len(sec.Tables) == 0 {
		sec.Text = []string{"There are no results yet."}
	}
	return sec
}

// corruptionSection has bars of the error on each corruption, a chart for each of the paper's groups.
func corruptionSection(s Summary) section {
	if len(s.Corruptions) == 0 {
		return section{}
	}
	sec := section{ID: "corruptions", Title: "Error by corruption", Legend: true, Narrow: true, Plot: corruptionPlot,
		Caption: "Top-1 error on corrupted images, the mean over severities; charts share one scale. " + spreadNote(s)}
	var parts func(name string) [][]float64
	title := func(group string) string { return group }
	if len(s.Runs) == 1 {
		sec.Caption = "Top-1 error on corrupted images: bars are the means over severities, strokes the severities from mild to strong. Charts share one scale."
		c := s.Runs[0].corruption()
		parts = func(name string) [][]float64 { return [][]float64{c.ByCorruption[name].Severity} }
		title = func(group string) string {
			if v, ok := c.ByGroup[group]; ok {
				return group + ": mean " + percent(v)
			}
			return group
		}
	}
	sec.Charts = s.bars(s.Corruptions, func(g Seeds) map[string]Spread { return g.Corruptions }, parts, title)
	sec.Folded = []folded{{Summary: "The same as a table", Table: corruptionTable(s)}}
	return sec
}

// spreadNote says what whiskers and bands are.
func spreadNote(s Summary) string {
	if several(s.Seeds) {
		return "Of several seeds the mean and ± the sample standard deviation."
	}
	return ""
}

// severitySection has the error over severity: of the mean and of each corruption.
func severitySection(s Summary) section {
	if len(s.Corruptions) == 0 {
		return section{}
	}
	sec := section{ID: "severity", Title: "Error by severity", Legend: true, Narrow: true, Plot: severityPlot,
		Caption: "Severity 0 is the clean test set. All charts share one scale. " + spreadNote(s)}
	var titles []string
	var all [][]series
	top := 0.0
	add := func(title string, of func(Run) [][2]float64) {
		lines := seriesOf(s, of)
		for _, l := range lines {
			for _, p := range l.points {
				top = max(top, p[1])
			}
			for _, p := range l.spread {
				top = max(top, p[2])
			}
		}
		titles, all = append(titles, title), append(all, lines)
	}
	if slices.ContainsFunc(s.Seeds, func(g Seeds) bool { return len(g.average.meanBySeverity()) > 1 }) {
		add("mean of all", Run.meanBySeverity)
	}
	for _, name := range s.Corruptions {
		add(spaced(name), func(r Run) [][2]float64 { return r.errorBySeverity(name) })
	}
	for i, lines := range all {
		sec.Charts = append(sec.Charts, lineChart(axes{title: titles[i], x: "severity", y: "error (%)", width: narrowChart, whole: true,
			low: 0, high: percentTop(top)}, lines))
	}
	return sec
}

// flipsSection has bars of the flip probabilities.
func flipsSection(s Summary) section {
	if len(s.Perturbations) == 0 {
		return section{}
	}
	sec := section{ID: "flips", Title: "Flip probability", Legend: true, Narrow: true,
		Caption: "How often the prediction changes from frame to frame along sequences of a perturbation (noises: against the first frame). " +
			"The mean (mFP) is over the paper’s ten perturbations for testing and is not normalised. " + spreadNote(s)}
	for _, source := range distinct(s.Runs, func(r Run) string {
		if r.Eval == nil || r.Eval.Perturbation == nil {
			return ""
		}
		return fmt.Sprintf("%s sequences of each perturbation, %s.", thousands(r.Eval.Perturbation.Sequences), r.Eval.Perturbation.Source)
	}) {
		if source != "" {
			sec.Text = append(sec.Text, source)
		}
	}
	sec.Charts = s.bars(s.Perturbations, func(g Seeds) map[string]Spread { return g.Perturbations }, nil,
		func(group string) string { return group })
	sec.Folded = []folded{{Summary: "The same as a table", Table: flipsTable(s)}}
	return sec
}

// fourierSection has a map of each group.
func fourierSection(s Summary) section {
	sec := section{ID: "fourier", Title: "Fourier sensitivity", Narrow: true}
	for _, g := range s.Seeds {
		if e := g.average.Eval; e != nil && e.Fourier != nil {
			sec.Charts = append(sec.Charts, fourierChart(g.Label, *e.Fourier))
			sec.Caption = fmt.Sprintf("The error on %s test images to which one Fourier basis image of norm ε = %g is added; the lowest frequency is in the middle. "+
				"All maps share one scale of colours.", thousands(e.Fourier.N), e.Fourier.Epsilon)
		}
	}
	for _, r := range s.Runs {
		if r.Fourier == "" {
			continue
		}
		if data, err := embed(r.Fourier); err == nil {
			sec.Pictures = append(sec.Pictures, picture{Data: data, Path: r.Fourier, Caption: r.Name + ": results/fourier.png",
				Alt: "Map of the error of " + r.Name + " on images disturbed by Fourier basis images, the lowest frequency in the middle."})
		} else {
			sec.Text = append(sec.Text, "A picture cannot be shown: "+visible(err.Error())+".")
		}
	}
	if len(sec.Charts)+len(sec.Pictures)+len(sec.Text) == 0 {
		return section{}
	}
	return sec
}

// trainingSection has the curves of training_log.csv and metrics.jsonl.
func trainingSection(s Summary) section {
	if !slices.ContainsFunc(s.Runs, func(r Run) bool { return len(r.Log)+len(r.Metrics) > 0 }) {
		return section{}
	}
	sec := section{ID: "training", Title: "Training", Legend: true, Plot: trainingPlot,
		Caption: "The training error is on the images as they were trained on. The test set is only watched here: nothing is chosen by it. " + spreadNote(s)}
	if methods := distinct(s.Runs, func(r Run) string { return r.Config.Method }); len(methods) > 1 {
		sec.Caption += " Training losses of different methods are different functions: compare a run’s with itself."
	}
	draw := func(a axes, of func(Run) [][2]float64) {
		lines := seriesOf(s, of)
		if slices.ContainsFunc(lines, func(l series) bool { return len(l.points) > 0 }) {
			a.whole = true
			sec.Charts = append(sec.Charts, lineChart(a, lines))
		}
	}
	logged := func(of func(run.Row) float64) func(Run) [][2]float64 {
		return func(r Run) [][2]float64 {
			var out [][2]float64
			for _, row := range r.Log {
				out = append(out, [2]float64{float64(row.Epoch), of(row)})
			}
			return out
		}
	}
	measured := func(of func(metric) run.Number) func(Run) [][2]float64 {
		return func(r Run) [][2]float64 { return r.byEpoch(of) }
	}
	scored := func(set func(metric) *run.Scores, of func(run.Scores) float64) func(Run) [][2]float64 {
		return measured(func(m metric) run.Number {
			if scores := set(m); scores != nil {
				return run.Number(of(*scores))
			}
			return run.None()
		})
	}
	test, held := func(m metric) *run.Scores { return m.Test }, func(m metric) *run.Scores { return m.Val }
	draw(axes{title: "Training loss", x: "epoch", y: "nats"}, logged(func(r run.Row) float64 { return r.TrainLoss }))
	draw(axes{title: "Training error", x: "epoch", y: "%", percent: true}, measured(func(m metric) run.Number { return run.Number(m.Error) }))
	draw(axes{title: "Learning rate", x: "step"}, Run.rateByStep)
	draw(axes{title: "Clean test loss", x: "epoch", y: "nats"}, logged(func(r run.Row) float64 { return r.TestLoss }))
	draw(axes{title: "Clean test error", x: "epoch", y: "%", percent: true}, logged(func(r run.Row) float64 { return r.TestError }))
	draw(axes{title: "Clean expected calibration error", x: "epoch", y: "%"}, scored(test, func(v run.Scores) float64 { return v.ECE }))
	draw(axes{title: "Error on held-out images", x: "epoch", y: "%", percent: true}, scored(held, func(v run.Scores) float64 { return v.Error }))
	return sec
}

// previewSection shows the pictures that augmix preview drew.
func previewSection(s Summary) section {
	sec := section{ID: "preview", Title: "What AugMix does to a picture"}
	for _, path := range s.Pictures {
		data, err := embed(path)
		if err != nil {
			sec.Text = append(sec.Text, "A picture cannot be shown: "+visible(err.Error())+".")
			continue
		}
		p := picture{Data: data, Path: path,
			Alt:     "Rows of pictures: the original, its augmentation chains, and their mix.",
			Caption: "Each row is one training picture: the original, its chains of operations, and the mix that the network sees."}
		if name := visible(filepath.Base(path)); name != "preview.png" { // of corruptions, say: its name tells
			p.Alt, p.Caption = "Pictures that augmix preview drew: "+name+".", name
		}
		sec.Pictures = append(sec.Pictures, p)
	}
	if len(sec.Pictures)+len(sec.Text) == 0 {
		return section{}
	}
	return sec
}
