package report

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Pictures are drawn for a page 10 inches wide and stored at twice the pixels
// of a common screen.
const (
	figureWidth = 10 * vg.Inch
	dotsPerInch = 192

	titleSize = vg.Length(15)
	labelSize = vg.Length(11.5)
	tickSize  = vg.Length(10.5)
)

var (
	ink     = color.NRGBA{R: 0x22, G: 0x26, B: 0x2b, A: 0xff}
	faint   = color.NRGBA{R: 0x5b, G: 0x62, B: 0x6a, A: 0xff}
	rule    = color.NRGBA{R: 0xdf, G: 0xe3, B: 0xe8, A: 0xff}
	palette = []color.NRGBA{ // M. Okabe and K. Ito, "Color Universal Design" (2008): told apart in every common colour blindness
		{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, // blue
		{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, // vermilion
		{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, // bluish green
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, // reddish purple
		{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, // orange
		{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, // sky blue
		{R: 0x22, G: 0x26, B: 0x2b, A: 0xff}, // black
	}
	// Colour is never the only sign: dashes and markers repeat it.
	dashes = [][]vg.Length{nil, {7, 3}, {2, 2.5}, {9, 3, 2, 3}, {5, 2}}
	marks  = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}}
)

// runStyle is how run number i is drawn.
func runStyle(i int) (draw.LineStyle, draw.GlyphStyle) {
	c := palette[i%len(palette)]
	return draw.LineStyle{Color: c, Width: 2.2, Dashes: dashes[i%len(dashes)]},
		draw.GlyphStyle{Color: c, Radius: 3.2, Shape: marks[i%len(marks)]}
}

// textStyle is the house's sans-serif.
func textStyle(size vg.Length, c color.Color, bold bool) draw.TextStyle {
	s := draw.TextStyle{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: plot.DefaultTextHandler,
	}
	if bold {
		s.Font.Weight = 3 // x/image/font.WeightBold
	}
	return s
}

// panel returns an empty plot in the house style: no frame, horizontal rules
// only, words before numbers.
func panel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle = textStyle(labelSize+0.5, ink, true)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	p.Title.Padding = 6
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		label := a.Label.TextStyle
		a.Label.TextStyle = textStyle(labelSize, ink, false)
		a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = label.XAlign, label.YAlign
		a.Label.Padding = 5
		tick := a.Tick.Label
		a.Tick.Label = textStyle(tickSize, faint, false)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = tick.XAlign, tick.YAlign
		a.Tick.LineStyle = draw.LineStyle{Color: rule, Width: 1}
		a.Tick.Length = 4
		a.LineStyle = draw.LineStyle{Color: faint, Width: 1}
		a.Padding = 0
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	p.Y.Tick.Marker = plot.TickerFunc(func(lo, hi float64) []plot.Tick { return evenTicks(lo, hi, 6) })
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: rule, Width: 1}
	p.Add(grid)
	return p
}

// evenTicks returns at most n labelled ticks at multiples of 1, 2 or 5 times a
// power of ten.
func evenTicks(lo, hi float64, n int) []plot.Tick {
	step := evenStep(hi-lo, n)
	digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	// Adding 0 turns the -0 of Ceil into 0, which is what the label says.
	for i := math.Ceil(lo/step-1e-9) + 0; i*step <= hi+1e-9*step; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: fmt.Sprintf("%.*f", digits, i*step)})
	}
	return ticks
}

// evenStep returns the smallest of 1, 2, 5 × 10^k that cuts span into at most n
// parts; 1 for a span that has no such parts.
func evenStep(span float64, n int) float64 {
	if !(span > 1e-290) || math.IsInf(span, 0) {
		return 1 // Below, a part would be rounded to nothing.
	}
	for power := math.Pow(10, math.Floor(math.Log10(span/float64(n)))); ; power *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if span/(m*power) <= float64(n)+1e-9 {
				return m * power
			}
		}
	}
}

// wholeTicks labels whole numbers alone, about n of them.
func wholeTicks(n int) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) []plot.Tick {
		step := math.Max(1, evenStep(hi-lo, n))
		var ticks []plot.Tick
		for v := math.Ceil(lo/step) * step; v <= hi; v += step {
			ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
		}
		return ticks
	})
}

// headroom rounds the top of a range that begins at 0 up to an even tick; a
// range of nothing ends at 1.
func headroom(top float64) float64 {
	if top <= 0 {
		return 1
	}
	step := evenStep(top*1.02, 6)
	return math.Ceil(top*1.02/step) * step
}

// percentTop is headroom for a rate in percent, which ends at 100.
func percentTop(top float64) float64 { return math.Min(headroom(top), 100) }

// figure is a picture: a title, a legend of the runs and panels in rows.
type figure struct {
	title  string
	runs   []string
	bars   bool // the legend shows filled squares instead of lines
	panels [][]*plot.Plot
	height vg.Length
}

// WriteTo draws the figure and writes it as PNG.
func (f figure) WriteTo(w io.Writer) (int64, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(figureWidth, f.height), vgimg.UseDPI(dotsPerInch))
	page := draw.New(canvas)
	page.FillPolygon(color.White, rectangle(page.Min.X, page.Min.Y, page.Max.X, page.Max.Y))
	const margin = vg.Length(16)
	page = draw.Crop(page, margin, -margin, margin, -margin)
	title := textStyle(titleSize, ink, true)
	title.YAlign = draw.YTop
	page.FillText(title, vg.Point{X: page.Min.X, Y: page.Max.Y}, f.title)
	page = draw.Crop(page, 0, 0, 0, -(titleSize + 12))
	page = draw.Crop(page, 0, 0, 0, -f.legend(page))
	tiles := draw.Tiles{Rows: len(f.panels), Cols: len(f.panels[0]), PadX: 22, PadY: 20}
	for row, canvases := range plot.Align(f.panels, tiles, page) {
		for col, c := range canvases {
			if p := f.panels[row][col]; p != nil {
				p.Draw(c)
			}
		}
	}
	return vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
}

// legend draws the runs' signs and names from the left at the top of c, in as
// many lines as they need, and returns the height taken.
func (f figure) legend(c draw.Canvas) vg.Length {
	const (
		side   = vg.Length(12) // of a bar's square
		gap    = vg.Length(7)
		apart  = vg.Length(24)
		height = vg.Length(20)
	)
	sign := vg.Length(30) // a line with its marker
	if f.bars {
		sign = side
	}
	style := textStyle(labelSize, ink, false)
	style.YAlign = draw.YCenter
	x, y := c.Min.X, c.Max.Y-height/2
	for i, name := range f.runs {
		width := sign + gap + style.Width(name)
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-height
		}
		line, glyph := runStyle(i)
		if f.bars {
			c.FillPolygon(line.Color, rectangle(x, y-side/2, x+side, y+side/2))
		} else {
			c.StrokeLine2(line, x, y, x+sign, y)
			c.DrawGlyph(glyph, vg.Point{X: x + sign/2, Y: y})
		}
		c.FillText(style, vg.Point{X: x + sign + gap, Y: y + 1.3}, name) // centred by eye on letters without descenders
		x += width + apart
	}
	return c.Max.Y - y + height/2 + 6
}

func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}
