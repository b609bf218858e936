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
	for _, g := range s.Seeds {
		for _, row := range g.average.Log {
			epochs = max(epochs, row.Epoch)
			topLoss, topFault = math.Max(topLoss, row.TrainLoss), math.Max(topFault, row.TestError)
		}
	}
	for i, g := range s.Seeds {
		addLine(loss, i, points(g.average.Log, func(row run.Row) (x, y float64) { return float64(row.Epoch), row.TrainLoss }), epochs <= 40)
		addLine(fault, i, points(g.average.Log, func(row run.Row) (x, y float64) { return float64(row.Epoch), row.TestError }), epochs <= 40)
	}
	for _, p := range []*plot.Plot{loss, fault} {
		p.X.Min, p.X.Max = 0, float64(epochs)*1.02
		p.X.Tick.Marker = wholeTicks(8)
	}
	loss.Y.Min, loss.Y.Max = 0, headroom(topLoss)
	fault.Y.Min, fault.Y.Max = 0, percentTop(topFault)
	return figure{
		title: "Training", runs: labels(s.Seeds),
		panels: [][]*plot.Plot{{loss, fault}}, height: 4.3 * vg.Inch,
	}
}

// severityCurves draws, for the mean and for each corruption, the error by
// severity from 0 (clean) on.
func severityCurves(s Summary) figure {
	panels := []*plot.Plot{severityPanel(s, "mean of all", Run.meanBySeverity)}
	for _, name := range s.Corruptions {
		panels = append(panels, severityPanel(s, spaced(name), func(r Run) [][2]float64 { return r.errorBySeverity(name) }))
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
		title: "Error by severity", runs: labels(s.Seeds),
		panels: rows, height: vg.Length(1.1+2.55*float64(len(rows))) * vg.Inch,
	}
}

func severityPanel(s Summary, title string, of func(Run) [][2]float64) *plot.Plot {
	p := panel(title, "", "")
	p.X.Min, p.X.Max, p.Y.Max = 0, 5.1, 1
	p.X.Tick.Marker = wholeTicks(6)
	for i, g := range s.Seeds {
		var xy plotter.XYs
		for _, q := range of(g.average) {
			xy = append(xy, plotter.XY{X: q[0], Y: q[1]})
			p.X.Max, p.Y.Max = math.Max(p.X.Max, q[0]+0.1), math.Max(p.Y.Max, q[1])
		}
		if len(xy) > 0 {
			addLine(p, i, xy, true)
		}
	}
	return p
}

// meanBySeverity lists the mean error over corruptions from severity 0, the clean
// images, on.
func (r Run) meanBySeverity() [][2]float64 {
	return r.bySeverity(func(s run.Scores) run.Number { return run.Number(s.Error) })
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

func labels(groups []Seeds) []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.Label
	}
	return list
}
