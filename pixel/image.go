// Package pixel holds 8-bit images and the image operations that AugMix and the
// corruptions need, equal to Pillow 13.0.0's byte for byte on any size, colour
// (RGB) or grey. Every operation names its destination first, never allocates
// per call, and asks that destination and source have the same size and do not
// overlap unless its comment allows it; a mismatch is a programmer's mistake and
// panics.
package pixel

import (
	"image"
	"image/draw"
)

// Image is an 8-bit picture of C = 1 (grey) or 3 (RGB) interleaved channels in
// rows without padding: channel c of pixel (x, y) is Pix[(y*W+x)*C+c].
type Image struct {
	Pix     []uint8
	W, H, C int
}

// New returns a black image. It panics unless w and h are at least 1 and c is 1
// or 3.
func New(w, h, c int) *Image {
	if w < 1 || h < 1 || c != 1 && c != 3 {
		panic("pixel: New needs a width and height of at least 1 and 1 or 3 channels")
	}
	return &Image{Pix: make([]uint8, w*h*c), W: w, H: h, C: c}
}

// Clone returns a copy that shares no memory with m.
func (m *Image) Clone() *Image {
	return &Image{Pix: append([]uint8(nil), m.Pix...), W: m.W, H: m.H, C: m.C}
}

// CopyFrom copies src's pixels into m, which must have the same size.
func (m *Image) CopyFrom(src *Image) {
	mustMatch(m, src)
	copy(m.Pix, src.Pix)
}

// mustMatch panics unless the two images have the same width, height and
// channels.
func mustMatch(dst, src *Image) {
	if dst.W != src.W || dst.H != src.H || dst.C != src.C {
		panic("pixel: destination and source differ in size or channels")
	}
}

// ToNRGBA returns a copy of m for Go's image packages (PNG files, drawing).
func (m *Image) ToNRGBA() *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.W * m.H {
		p := m.Pix[i*m.C : i*m.C+m.C]
		out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2] = p[0], p[m.C/2], p[m.C-1]
		out.Pix[4*i+3] = 255
	}
	return out
}

// FromImage returns a copy of a Go image as RGB; transparent pixels are blended
// with black.
func FromImage(src image.Image) *Image {
	b := src.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, src, b.Min, draw.Over)
	m := New(b.Dx(), b.Dy(), 3)
	for i := range m.W * m.H {
		copy(m.Pix[3*i:3*i+3], flat.Pix[4*i:])
	}
	return m
}
