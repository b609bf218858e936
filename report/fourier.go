package report

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"augmix/run"
)

// WriteFourier draws a Fourier map as PNG. The colours go from 0 to 100 %, whatever
// the map holds, so that maps can be compared.
func WriteFourier(w io.Writer, title string, m run.FourierMap) error {
	const side, bar, margin = 5.2 * vg.Inch, 0.9 * vg.Inch, vg.Length(16)
	colours := moreland.ExtendedBlackBody()
	colours.SetMin(0)
	colours.SetMax(100)

	reach := float64(m.Side-1) / 2
	p := panel("", "horizontal cycles an image", "vertical cycles an image")
	heat := plotter.NewHeatMap(fourierGrid(m), colours.Palette(255))
	heat.Min, heat.Max = 0, 100
	p.Add(heat)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -reach-0.5, reach+0.5, -reach-0.5, reach+0.5
	p.X.Tick.Marker = plot.TickerFunc(func(lo, hi float64) []plot.Tick { return evenTicks(lo, hi, 7) })
	p.Y.Tick.Marker = p.X.Tick.Marker

	scale := panel("", "", "error (%)")
	scale.Add(&plotter.ColorBar{ColorMap: colours, Vertical: true, Colors: 255})
	scale.HideX()

	canvas := vgimg.NewWith(vgimg.UseWH(side+bar+3*margin, side+2*margin+titleSize+12), vgimg.UseDPI(dotsPerInch))
	page := draw.New(canvas)
	page.FillPolygon(color.White, rectangle(page.Min.X, page.Min.Y, page.Max.X, page.Max.Y))
	page = draw.Crop(page, margin, -margin, margin, -margin)
	style := textStyle(titleSize-2, ink, true)
	style.YAlign = draw.YTop
	page.FillText(style, vg.Point{X: page.Min.X, Y: page.Max.Y},
		fmt.Sprintf("%s: Fourier sensitivity, ε = %g, n = %d, mean %.1f %%", title, m.Epsilon, m.N, m.Mean))
	page = draw.Crop(page, 0, 0, 0, -(titleSize + 12))
	p.Draw(draw.Crop(page, 0, -(bar + margin), 0, 0))
	// The bar is as high as the map, whose axis has labels below.
	scale.Draw(draw.Crop(page, side+margin, 0, 36, 0))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// fourierGrid is a map as a plotter.GridXYZ: rows go downwards in a map, upwards in
// a plot.
type fourierGrid run.FourierMap

func (g fourierGrid) Dims() (columns, rows int) { return g.Side, g.Side }
func (g fourierGrid) Z(column, row int) float64 { return g.Error[g.Side-1-row][column] }
func (g fourierGrid) X(column int) float64      { return float64(column - (g.Side-1)/2) }
func (g fourierGrid) Y(row int) float64         { return float64(row - (g.Side-1)/2) }
