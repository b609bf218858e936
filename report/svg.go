package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// chart is a small picture of the page, as SVG inside it. It is as wide as a telephone; the page puts several side by
// side, so that letters have one size everywhere. Colours are the page's, by class: s0 to s6 for series.
type chart struct {
	b             strings.Builder
	width, height float64
	x, y          scale
}

// scale maps values to pixels.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	if s.high == s.low {
		return s.from
	}
	return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
}

// newChart begins a chart with its title. What it shows is said in words for those who do not see it.
func newChart(width, height float64, title, words string) *chart {
	c := &chart{width: width, height: height}
	fmt.Fprintf(&c.b, `<svg class="chart" role="img" viewBox="0 0 %s %s" aria-label="%s">`,
		px(width), px(height), html.EscapeString(title+": "+words))
	if title != "" {
		c.text(0, 13, "start", "title", title)
	}
	return c
}

// done ends the chart.
func (c *chart) done() template.HTML { return template.HTML(c.b.String() + "</svg>") }

// px writes a coordinate.
func px(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// text writes s at x and the base line y; anchor is start, middle or end.
func (c *chart) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(&c.b, `<text x="%s" y="%s"`, px(x), px(y))
	if anchor != "start" {
		fmt.Fprintf(&c.b, ` text-anchor="%s"`, anchor)
	}
	if class != "" {
		fmt.Fprintf(&c.b, ` class="%s"`, class)
	}
	fmt.Fprintf(&c.b, `>%s</text>`, html.EscapeString(s))
}

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

// rect draws a rectangle from corner to corner; tip is shown to a pointer that rests on it.
func (c *chart) rect(class string, x1, y1, x2, y2 float64, tip string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, class,
		px(math.Min(x1, x2)), px(math.Min(y1, y2)), px(math.Abs(x2-x1)), px(math.Abs(y2-y1)))
	if tip == "" {
		c.b.WriteString("/>")
		return
	}
	fmt.Fprintf(&c.b, "><title>%s</title></rect>", html.EscapeString(tip))
}

// curve draws a line through points in pixels.
func (c *chart) curve(class string, points [][2]float64) {
	fmt.Fprintf(&c.b, `<polyline class="%s" points="%s"/>`, class, joined(points))
}

// area fills a polygon with corners in pixels.
func (c *chart) area(class string, points [][2]float64) {
	fmt.Fprintf(&c.b, `<polygon class="%s" points="%s"/>`, class, joined(points))
}

func joined(points [][2]float64) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(px(p[0]) + "," + px(p[1]))
	}
	return b.String()
}

// mark draws the sign of series number i at a point in pixels: colour is never the only thing that tells series apart.
func (c *chart) mark(i int, x, y float64, tip string) {
	class := seriesClass(i)
	title := ""
	if tip != "" {
		title = "<title>" + html.EscapeString(tip) + "</title>"
	}
	path := func(class, d string) { fmt.Fprintf(&c.b, `<path class="%s" d="%s">%s</path>`, class, d, title) }
	at := func(dx, dy float64) string { return px(x+dx) + " " + px(y+dy) }
	switch i % 5 {
	case 0:
		fmt.Fprintf(&c.b, `<circle class="mark %s" cx="%s" cy="%s" r="3.4">%s</circle>`, class, px(x), px(y), title)
	case 1:
		path("mark "+class, "M"+at(-3.2, -3.2)+"L"+at(3.2, -3.2)+"L"+at(3.2, 3.2)+"L"+at(-3.2, 3.2)+"Z")
	case 2:
		path("mark "+class, "M"+at(0, -4.2)+"L"+at(4, 3)+"L"+at(-4, 3)+"Z")
	case 3:
		path("mark "+class, "M"+at(0, -4.5)+"L"+at(4.5, 0)+"L"+at(0, 4.5)+"L"+at(-4.5, 0)+"Z")
	default:
		fmt.Fprintf(&c.b, `<circle class="mark open %s" cx="%s" cy="%s" r="3.2">%s</circle>`, class, px(x), px(y), title)
	}
}

// seriesClass has the colour of series number i, and the dashes of its lines.
func seriesClass(i int) string { return fmt.Sprintf("s%d d%d", i%len(palette), i%len(dashes)) }

// yAxis draws rules across the chart at even values, and labels them on the left.
func (c *chart) yAxis(label string, ticks int) {
	for _, t := range evenTicks(c.y.low, c.y.high, ticks) {
		y := c.y.at(t.Value)
		class := "rule"
		if math.Abs(t.Value) < 1e-12 {
			class = "axis"
		}
		c.line(class, c.x.from, y, c.x.to, y)
		c.text(c.x.from-5, y+3.5, "end", "soft", t.Label)
	}
	if label != "" {
		c.text(0, c.y.to-9, "start", "soft", label)
	}
}

// xAxis labels values below the chart, and what they are.
func (c *chart) xAxis(label string, ticks []plot.Tick) {
	for _, t := range ticks {
		c.text(c.x.at(t.Value), c.y.from+15, "middle", "soft", t.Label)
	}
	c.text((c.x.from+c.x.to)/2, c.y.from+30, "middle", "soft", label)
}
