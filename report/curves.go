package report

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"augmix/run"
)

// trainingCurves draws the training loss and the test error by epoch.
func trainingCurves(s Summary) figure {
	loss := panel("", "epoch", "training loss (nats)")
	fault := panel("", "epoch", "clean test error (%)")
	epochs, topLoss, topFault := 1, 0.0, 0.0
	for _, r := range s.Runs {
		for _, row := range r.Log {
			epochs = max(epochs, row.Epoch)
			topLoss, topFault = math.Max(topLoss, row.TrainLoss), math.Max(topFault, row.TestError)
		}
	}
	for i, r := range s.Runs {
		addLine(loss, i, points(r.Log, func(row run.Row) (x, y float64) { return float64(row.Epoch), row.TrainLoss }), epochs <= 40)
		addLine(fault, i, points(r.Log, func(row run.Row) (x, y float64) { return float64(row.Epoch), row.TestError }), epochs <= 40)
	}
	for _, p := range []*plot.Plot{loss, fault} {
		p.X.Min, p.X.Max = 0, float64(epochs)*1.02
		p.X.Tick.Marker = wholeTicks(8)
	}
	loss.Y.Min, loss.Y.Max = 0, headroom(topLoss)
	fault.Y.Min, fault.Y.Max = 0, percentTop(topFault)
	return figure{
		title: "Training", runs: names(s.Runs),
		panels: [][]*plot.Plot{{loss, fault}}, height: 4.3 * vg.Inch,
	}
}

// severityCurves draws, for the mean and for each corruption, the error by
// severity from 0 (clean) on.
func severityCurves(s Summary) figure {
	panels := []*plot.Plot{severityPanel(s, "mean of all", Run.meanBySeverity)}
	for _, name := range s.Corruptions {
		panels = append(panels, severityPanel(s, spaced(name), func(r Run) []float64 { return r.Corruptions[name].Severity }))
	}
	columns := 3
	if len(panels) > 6 {
		columns = 4 // the fifteen corruptions and their mean fill four rows
	}
	top := 0.0
	for _, p := range panels {
		top = math.Max(top, p.Y.Max)
	}
	var rows [][]*plot.Plot
	for i, p := range panels {
		p.Y.Min, p.Y.Max = 0, percentTop(top)
		if i%columns == 0 {
			p.Y.Label.Text = "error (%)"
			rows = append(rows, make([]*plot.Plot, columns))
		}
		if i+columns >= len(panels) {
			p.X.Label.Text = "severity (0 is clean)"
		}
		rows[len(rows)-1][i%columns] = p
	}
	return figure{
		title: "Error by severity", runs: names(s.Runs),
		panels: rows, height: vg.Length(1.1+2.55*float64(len(rows))) * vg.Inch,
	}
}

func severityPanel(s Summary, title string, of func(Run) []float64) *plot.Plot {
	p := panel(title, "", "")
	p.X.Min, p.X.Max, p.Y.Max = 0, 5.1, 1
	p.X.Tick.Marker = wholeTicks(6)
	for i, r := range s.Runs {
		errors := of(r)
		if len(errors) == 0 {
			continue
		}
		xy := plotter.XYs{{X: 0, Y: r.Clean}}
		for k, e := range errors {
			xy = append(xy, plotter.XY{X: float64(k + 1), Y: e})
		}
		for _, q := range xy {
			p.X.Max, p.Y.Max = math.Max(p.X.Max, q.X+0.1), math.Max(p.Y.Max, q.Y)
		}
		addLine(p, i, xy, true)
	}
	return p
}

// meanBySeverity averages a run's corruptions at each severity, or returns nil
// when they have different numbers of them.
func (r Run) meanBySeverity() []float64 {
	var mean []float64
	for _, c := range r.Corruptions {
		if mean == nil {
			mean = make([]float64, len(c.Severity))
		}
		if len(c.Severity) != len(mean) {
			return nil
		}
		for i, e := range c.Severity {
			mean[i] += e / float64(len(r.Corruptions))
		}
	}
	return mean
}

// addLine draws run number i's line, its points marked where marked says so or
// where a single point would not show.
func addLine(p *plot.Plot, i int, xy plotter.XYs, marked bool) {
	line, glyph := runStyle(i)
	p.Add(&plotter.Line{XYs: xy, LineStyle: line})
	if marked || len(xy) == 1 {
		p.Add(&plotter.Scatter{XYs: xy, GlyphStyle: glyph})
	}
}

func points(log []run.Row, of func(run.Row) (x, y float64)) plotter.XYs {
	xy := make(plotter.XYs, len(log))
	for i, row := range log {
		xy[i].X, xy[i].Y = of(row)
	}
	return xy
}

func names(runs []Run) []string {
	list := make([]string, len(runs))
	for i, r := range runs {
		list[i] = r.Name
	}
	return list
}
