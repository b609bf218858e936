package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// series is one line of a chart: its points in values, and where runs are averaged what they spread over.
type series struct {
	name   string
	points [][2]float64
	spread [][3]float64 // x, low and high
}

// axes are what a chart of lines is drawn on.
type axes struct {
	title, x, y string
	width       float64 // 0: the usual one
	whole       bool    // x has whole numbers alone
	low, high   float64 // of y; equal: as the points have it
	percent     bool    // y ends at 100
}

// The sizes of charts: wide ones stand in two or three columns, narrow ones in four.
const (
	wideChart   = 300
	narrowChart = 250
)

// lineChart draws series over each other.
func lineChart(a axes, list []series) template.HTML {
	xLow, xHigh, yLow, yHigh := 0.0, 0.0, a.low, a.high
	var words []string
	for _, s := range list {
		for _, p := range s.points {
			xHigh = math.Max(xHigh, p[0])
			yLow, yHigh = math.Min(yLow, p[1]), math.Max(yHigh, p[1])
		}
		for _, p := range s.spread {
			yLow, yHigh = math.Min(yLow, p[1]), math.Max(yHigh, p[2])
		}
		if n := len(s.points); n > 0 {
			words = append(words, fmt.Sprintf("%s from %s to %s", s.name, short(s.points[0][1]), short(s.points[n-1][1])))
		}
	}
	if a.low == a.high {
		if yHigh = headroom(yHigh); a.percent {
			yHigh = math.Min(yHigh, 100)
		}
		if yLow < 0 {
			yLow = -headroom(-yLow)
		}
	}
	width := a.width
	if width == 0 {
		width = wideChart
	}
	c := newChart(width, 0.56*width+72, a.title, strings.Join(words, ", "))
	c.x, c.y = scale{xLow, math.Max(xHigh, 1), 36, width - 10}, scale{yLow, yHigh, c.height - 34, 40}
	c.yAxis(a.y, 5)
	ticks := evenTicks(xLow, c.x.high, 6)
	if a.whole {
		ticks = wholeTicks(6).Ticks(xLow, c.x.high)
	}
	c.xAxis(a.x, ticks)
	for i, s := range list {
		c.series(i, s)
	}
	return c.done()
}

// mostPoints is how many points of a series are drawn. More are not seen.
const mostPoints = 300

func (c *chart) series(i int, s series) {
	points := thinned(s.points)
	if spread := thinned(s.spread); len(spread) > 1 {
		var corners [][2]float64
		for _, p := range spread {
			corners = append(corners, [2]float64{c.x.at(p[0]), c.y.at(p[2])})
		}
		for k := len(spread) - 1; k >= 0; k-- {
			corners = append(corners, [2]float64{c.x.at(spread[k][0]), c.y.at(spread[k][1])})
		}
		c.area("band "+seriesClass(i), corners)
	}
	at := make([][2]float64, len(points))
	for k, p := range points {
		at[k] = [2]float64{c.x.at(p[0]), c.y.at(p[1])}
	}
	if len(at) > 1 {
		c.curve("line "+seriesClass(i), at)
	}
	if len(at) <= 25 {
		for k, p := range at {
			c.mark(i, p[0], p[1], fmt.Sprintf("%s, %s: %s", s.name, short(points[k][0]), short(points[k][1])))
		}
	}
}

// thinned keeps every so-many-th point and the last.
func thinned[P any](points []P) []P {
	if len(points) <= mostPoints {
		return points
	}
	var out []P
	for i := range mostPoints {
		out = append(out, points[i*(len(points)-1)/(mostPoints-1)])
	}
	return out
}

// short writes a value for a person.
func short(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1e6:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 0.1 && math.Abs(v) < 1e6:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// barRow is a line of a chart of bars: a name, and of each series a value with its parts.
type barRow struct {
	name   string
	values []float64   // one a series; NaN where there is none
	errs   []float64   // sample standard deviations, NaN where there is none
	parts  [][]float64 // of each series, marked on its bar: the severities
}

// barChart draws rows of bars that begin at 0 and end at top at most.
func barChart(title string, names []string, rows []barRow, top float64) template.HTML {
	const left, right, above = 108, 36, 24
	lane := 15.0
	if len(names) > 1 {
		lane = 11
	}
	rowHeight := lane*float64(len(names)) + 9
	var words []string
	for _, r := range rows {
		words = append(words, r.name+" "+inWords(r.values))
	}
	c := newChart(narrowChart, above+rowHeight*float64(len(rows))+26, title, strings.Join(words, ", "))
	c.x, c.y = scale{0, top, left, narrowChart - right}, scale{0, 1, c.height - 26, above}
	for _, t := range evenTicks(0, top, 4) {
		c.line("rule", c.x.at(t.Value), c.y.to, c.x.at(t.Value), c.y.from)
		c.text(c.x.at(t.Value), c.y.from+15, "middle", "soft", t.Label)
	}
	for k, r := range rows {
		y := above + rowHeight*float64(k)
		c.text(left-6, y+rowHeight/2+4, "end", "", clip(r.name))
		for i, v := range r.values {
			if math.IsNaN(v) {
				continue
			}
			mid := y + 4.5 + lane*(float64(i)+0.5)
			c.bar(i, names[i], r, v, mid, lane)
			c.text(narrowChart, mid+3.5, "end", "value", fmt.Sprintf("%.1f", v))
		}
	}
	return c.done()
}

// bar draws one bar around the height mid.
func (c *chart) bar(i int, name string, r barRow, v, mid, lane float64) {
	half := math.Min(lane/2-1, 5)
	tip := fmt.Sprintf("%s, %s: %.2f %%", name, r.name, v)
	c.rect("bar "+seriesClass(i), c.x.from, mid-half, c.x.at(v), mid+half, tip)
	if i < len(r.errs) && !math.IsNaN(r.errs[i]) {
		low, high := c.x.at(math.Max(0, v-r.errs[i])), c.x.at(math.Min(c.x.high, v+r.errs[i]))
		c.line("whisker", low, mid, high, mid)
		c.line("whisker", low, mid-2.5, low, mid+2.5)
		c.line("whisker", high, mid-2.5, high, mid+2.5)
	}
	if i < len(r.parts) {
		for _, p := range r.parts[i] {
			x := c.x.at(p)
			c.line("severity", x, mid-half-2, x, mid+half+2)
		}
	}
}

// inWords writes the values of a row.
func inWords(values []float64) string {
	var out []string
	for _, v := range values {
		if math.IsNaN(v) {
			out = append(out, "–")
		} else {
			out = append(out, fmt.Sprintf("%.1f", v))
		}
	}
	return strings.Join(out, " / ")
}
