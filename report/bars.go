package report

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// corruptionBars draws the errors side by side: the clean one, one group of
// bars a corruption, and the mean over these.
func corruptionBars(s Summary) figure {
	groups := append(append([]string{"clean"}, s.Corruptions...), "mean")
	b := barGroups{labels: len(groups)*len(s.Seeds) <= 28}
	top := 0.0
	for _, g := range s.Seeds {
		values := []float64{float64(g.Clean.Mean)}
		for _, name := range s.Corruptions {
			values = append(values, float64(g.average.corruptionError(name)))
		}
		values = append(values, float64(g.Mean.Mean))
		for _, v := range values {
			if v > top { // not so for NaN
				top = v
			}
		}
		b.values = append(b.values, values)
	}
	p := panel("", "", "error (%), mean over severities")
	p.Add(b)
	p.X.Min, p.X.Max = -0.5, float64(len(groups))-0.5
	p.X.Tick.Length = 0
	ticks := make(plot.ConstantTicks, len(groups))
	for i, name := range groups {
		label := strings.ReplaceAll(name, "_", "\n")
		if label == name {
			label += "\n " // labels of one and of two lines begin at one height
		}
		ticks[i] = plot.Tick{Value: float64(i), Label: label}
	}
	p.X.Tick.Marker = ticks
	p.X.Tick.Label.Color = ink
	if len(groups) > 9 {
		for i := range ticks {
			ticks[i].Label = spaced(groups[i])
		}
		p.X.Tick.Label.Rotation = math.Pi / 5
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YTop
	}
	p.Y.Min, p.Y.Max = 0, percentTop(top)
	return figure{
		title: "Error on clean and on corrupted images", runs: labels(s.Seeds), bars: true,
		panels: [][]*plot.Plot{{p}}, height: 4.8 * vg.Inch,
	}
}

// shortPercent is a value for the small space above a bar.
func shortPercent(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// barGroups draws, around each whole x, one bar a run.
type barGroups struct {
	values [][]float64 // [run][group]; NaN is a bar that is not there
	labels bool        // the value above each bar
}

// groupWidth is the part of a group's unit of x that its bars take.
const groupWidth = 0.78

func (b barGroups) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	width := groupWidth / float64(len(b.values))
	style := textStyle(8.5, faint, false)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	for i, values := range b.values {
		for g, v := range values {
			if math.IsNaN(v) {
				continue
			}
			left := float64(g) - groupWidth/2 + float64(i)*width
			l, r := x(left+0.03*width), x(left+0.97*width)
			c.FillPolygon(palette[i%len(palette)], rectangle(l, y(0), r, y(v)))
			if b.labels {
				c.FillText(style, vg.Point{X: (l + r) / 2, Y: y(v) + 2}, shortPercent(v))
			}
		}
	}
}
