package preview

import (
	"image"
	"image/color"
	"image/draw"

	"augmix/pixel"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Layout of a sheet, in pixels of the result.
const (
	gap        = 14 // around and between cells
	margin     = 6  // between a picture and the text above or below it
	lineHeight = 16
	fontSize   = 12.5
)

var (
	paper = color.NRGBA{255, 255, 255, 255}
	ink   = color.NRGBA{0x22, 0x26, 0x2b, 255}
	faint = color.NRGBA{0x5b, 0x62, 0x6a, 255}
)

// The faces are Liberation Sans, which the report's plots are set in.
var regular, bold = face(liberationsansregular.TTF), face(liberationsansbold.TTF)

func face(ttf []byte) font.Face {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic("preview: an embedded font does not parse: " + err.Error())
	}
	out, err := opentype.NewFace(f, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic("preview: an embedded font has no face: " + err.Error())
	}
	return out
}

// sheet is a grid of pictures with text below them.
type sheet struct {
	side     int      // of the square that a picture is fitted into
	headings []string // above the columns; may be empty
	rows     []row
}

// row is one line of pictures, with a label in a column of its own where any row
// has one.
type row struct {
	label string
	cells []cell
}

// cell is a picture and the lines below it. Without a picture it is empty.
type cell struct {
	picture *pixel.Image
	lines   []line
}

type line struct {
	text  string
	faint bool
}

// draw returns the sheet as a picture.
func (s sheet) draw() *image.NRGBA {
	columns, labelW, top := 0, 0, gap
	if len(s.headings) > 0 {
		top += lineHeight + margin
	}
	for _, r := range s.rows {
		columns = max(columns, len(r.cells))
		if r.label != "" {
			labelW = max(labelW, width(bold, r.label)+gap)
		}
	}
	height := top
	for _, r := range s.rows {
		height += s.height(r)
	}
	out := image.NewNRGBA(image.Rect(0, 0, gap+labelW+columns*(s.side+gap), height))
	draw.Draw(out, out.Rect, image.NewUniform(paper), image.Point{}, draw.Src)

	x := func(column int) int { return gap + labelW + column*(s.side+gap) }
	for i, text := range s.headings {
		write(out, bold, x(i), gap, s.cut(bold, text), ink)
	}
	y := top
	for _, r := range s.rows {
		write(out, bold, gap, y+s.pictureHeight(r)/2-lineHeight/2, r.label, ink)
		for i, c := range r.cells {
			s.drawCell(out, x(i), y, s.pictureHeight(r), c)
		}
		y += s.height(r)
	}
	return out
}

// height returns the height of a row with the gap below it.
func (s sheet) height(r row) int {
	lines := 0
	for _, c := range r.cells {
		lines = max(lines, len(c.lines))
	}
	h := s.pictureHeight(r) + gap
	if lines > 0 {
		h += margin + lines*lineHeight
	}
	return h
}

// pictureHeight returns the height of a row's highest picture.
func (s sheet) pictureHeight(r row) int {
	h := lineHeight
	for _, c := range r.cells {
		if c.picture != nil {
			_, fitted := fit(c.picture.W, c.picture.H, s.side)
			h = max(h, fitted)
		}
	}
	return h
}

func (s sheet) drawCell(out *image.NRGBA, x, y, pictureHeight int, c cell) {
	if c.picture == nil {
		return
	}
	shown := fitted(c.picture, s.side).ToNRGBA()
	draw.Draw(out, shown.Rect.Add(image.Pt(x, y)), shown, image.Point{}, draw.Src)
	for i, l := range c.lines {
		colour := ink
		if l.faint {
			colour = faint
		}
		write(out, regular, x, y+pictureHeight+margin+i*lineHeight, s.cut(regular, l.text), colour)
	}
}

// cut shortens a text to a cell's width.
func (s sheet) cut(f font.Face, text string) string {
	if width(f, text) <= s.side+gap/2 {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && width(f, string(runes)+"…") > s.side+gap/2 {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// write draws one line of text whose top-left corner is (x, y).
func write(out *image.NRGBA, f font.Face, x, y int, text string, c color.NRGBA) {
	d := font.Drawer{Dst: out, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, y+f.Metrics().Ascent.Ceil())}
	d.DrawString(text)
}

func width(f font.Face, text string) int { return font.MeasureString(f, text).Ceil() }

// fit returns the size at which an image of w×h pixels is shown in a square: a
// whole multiple where it is smaller, else shrunk.
func fit(w, h, side int) (int, int) {
	longest := max(w, h)
	if longest <= side {
		scale := side / longest
		return w * scale, h * scale
	}
	return max(1, (w*side+longest/2)/longest), max(1, (h*side+longest/2)/longest)
}

// fitted returns the image as it is shown: enlarged without smoothing, so that its
// pixels are seen, or shrunk with antialiasing.
func fitted(m *pixel.Image, side int) *pixel.Image {
	w, h := fit(m.W, m.H, side)
	out := pixel.New(w, h, m.C)
	if w < m.W || h < m.H {
		pixel.Resize(out, m, pixel.Bilinear)
		return out
	}
	scale := w / m.W
	for y := range h {
		for x := range w {
			copy(out.Pix[(y*w+x)*m.C:][:m.C], m.Pix[(y/scale*m.W+x/scale)*m.C:])
		}
	}
	return out
}
