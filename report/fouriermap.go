package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"image"
	"image/color"
	"image/png"

	"gonum.org/v1/plot/palette/moreland"

	"augmix/run"
)

// fourierChart draws a Fourier map: one pixel a frequency, the lowest in the middle, black for an error of 0 %, white for 100 %.
func fourierChart(title string, m run.FourierMap) template.HTML {
	c := newChart(narrowChart, 306, title, fmt.Sprintf("Fourier map of %d by %d frequencies, ε = %g, mean error %.1f %%",
		m.Side, m.Side, m.Epsilon, m.Mean))
	const top, bottom, left, right = 30, 244, 28, 242
	c.x, c.y = scale{0, float64(m.Side), left, right}, scale{0, float64(m.Side), bottom, top}
	c.image(left, top, right-left, bottom-top, mapPicture(m))
	middle, reach := float64(m.Side)/2, float64(m.Side-1)/2
	for _, t := range wholeTicks(6).Ticks(-reach, reach) {
		c.text(c.x.at(middle+t.Value), bottom+14, "middle", "soft", t.Label)
		c.text(left-5, c.y.at(middle+t.Value)+3.5, "end", "soft", t.Label)
	}
	c.text((left+right)/2, bottom+27, "middle", "soft", "cycles an image")
	c.image(left+30, bottom+37, right-left-60, 8, colourBar())
	c.text(left+26, bottom+45, "end", "soft", "0 %")
	c.text(right-26, bottom+45, "start", "soft", "100 %")
	c.text((left+right)/2, bottom+59, "middle", "soft", fmt.Sprintf("error; mean %.1f %%", m.Mean))
	return c.done()
}

// image puts a picture into the chart, its pixels as squares.
func (c *chart) image(x, y, width, height float64, picture image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic("report: " + err.Error()) // A picture in memory of at most mostSide pixels.
	}
	fmt.Fprintf(&c.b, `<image class="pixels" x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" href="%s"/>`,
		px(x), px(y), px(width), px(height), html.EscapeString("data:image/png;base64,"+base64.StdEncoding.EncodeToString(b.Bytes())))
}

// errorColours has 256 colours from black to white, lighter with the error for every kind of sight.
func errorColours() color.Palette {
	colours := moreland.ExtendedBlackBody()
	colours.SetMin(0)
	colours.SetMax(255)
	return color.Palette(colours.Palette(256).Colors())
}

func mapPicture(m run.FourierMap) image.Image {
	picture := image.NewPaletted(image.Rect(0, 0, m.Side, m.Side), errorColours())
	for y, row := range m.Error {
		for x, e := range row {
			picture.SetColorIndex(x, y, uint8(min(max(e, 0), 100)*2.55+0.5))
		}
	}
	return picture
}

func colourBar() image.Image {
	picture := image.NewPaletted(image.Rect(0, 0, 256, 1), errorColours())
	for x := range 256 {
		picture.SetColorIndex(x, 0, uint8(x))
	}
	return picture
}
