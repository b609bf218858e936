package augmix

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"augmix/pixel"
	"augmix/rng"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Layout of the preview, in pixels of the result.
const (
	cellSide   = 144 // smaller images grow to about this, by a whole factor
	gap        = 12
	margin     = 4 // between a picture and the text above or below it
	lineHeight = 14
	charWidth  = 7 // of basicfont.Face7x13
)

var (
	paper = color.NRGBA{255, 255, 255, 255}
	ink   = color.NRGBA{30, 30, 30, 255}
	faint = color.NRGBA{110, 110, 110, 255}
)

// Preview draws what AugMix does to images of one size: a row for each with the
// image, its chains and their mixture, as view 1 of epoch 0 would draw them, with the
// operations and weights below. Small images are enlarged without smoothing. labels
// name the rows and may be nil. It panics if there are no images, their sizes differ
// or cfg is not valid.
func Preview(images []*pixel.Image, labels []string, cfg Config, seed uint64) *image.NRGBA {
	mixer := NewMixer(cfg)
	w, h := images[0].W, images[0].H
	scale := max(1, cellSide/max(w, h))
	cellW, cellH := w*scale, h*scale

	columns := cfg.Width + 2
	depth := cfg.Depth
	if depth < 0 {
		depth = randomDepth
	}
	columnW := max(cellW, 18*charWidth) + gap
	rowH := cellH + margin + (depth+1)*lineHeight + gap
	top := gap + lineHeight + margin
	out := image.NewNRGBA(image.Rect(0, 0, gap+columns*columnW, top+len(images)*rowH+gap/2))
	draw.Draw(out, out.Rect, image.NewUniform(paper), image.Point{}, draw.Src)

	columnX := func(i int) int { return gap + i*columnW }
	for i := range columns {
		title := fmt.Sprintf("chain %d", i)
		switch i {
		case 0:
			title = "image"
		case columns - 1:
			title = "mix"
		}
		write(out, columnX(i), gap, title, ink)
	}

	chain, mixed := pixel.New(w, h, images[0].C), pixel.New(w, h, images[0].C)
	view := make([]float32, len(mixed.Pix))
	for row, src := range images {
		y := top + row*rowH
		caption := func(column, line int, text string, c color.NRGBA) {
			longest := (columnW - gap) / charWidth
			write(out, columnX(column), y+cellH+margin+line*lineHeight, text[:min(len(text), longest)], c)
		}
		stream := rng.New(seed, 0, uint64(row), 1)
		d := mixer.Draw(&stream)

		paste(out, columnX(0), y, src, scale)
		if row < len(labels) {
			caption(0, 0, labels[row], ink)
		}
		for i, steps := range d.Chains {
			mixer.Chain(chain, src, steps)
			paste(out, columnX(i+1), y, chain, scale)
			caption(i+1, 0, fmt.Sprintf("weight %.2f", d.Weights[i]), faint)
			for j, s := range steps {
				caption(i+1, j+1, s.Text(w, h), ink)
			}
		}
		mixer.Apply(view, src, d)
		for i, v := range view {
			mixed.Pix[i] = uint8(v*255 + 0.5)
		}
		paste(out, columnX(columns-1), y, mixed, scale)
		caption(columns-1, 0, fmt.Sprintf("%.2f image", 1-d.M), faint)
		caption(columns-1, 1, fmt.Sprintf("%.2f chains", d.M), faint)
	}
	return out
}

// paste draws an image enlarged by a whole factor.
func paste(dst *image.NRGBA, x, y int, src *pixel.Image, scale int) {
	from := src.ToNRGBA()
	for dy := range src.H * scale {
		for dx := range src.W * scale {
			dst.SetNRGBA(x+dx, y+dy, from.NRGBAAt(dx/scale, dy/scale))
		}
	}
}

// write draws one line of text whose top-left corner is (x, y).
func write(dst *image.NRGBA, x, y int, text string, c color.NRGBA) {
	face := basicfont.Face7x13
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y+face.Ascent)}
	d.DrawString(text)
}
