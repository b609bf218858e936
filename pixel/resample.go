package pixel

import "math"

// Filter is a resampling filter of Pillow's Image.resize.
type Filter struct {
	support float64 // half width at scale 1, in source pixels
	weight  func(x float64) float64
}

// Box averages the source pixels whose centres an output pixel covers.
var Box = Filter{0.5, func(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}}

// Bilinear is the triangle filter, widened when shrinking (antialiased).
var Bilinear = Filter{1, func(x float64) float64 { return max(0, 1-math.Abs(x)) }}

// Resizer resizes images and keeps its scratch memory between calls. Its zero value
// is ready. It is not safe for concurrent use.
type Resizer struct {
	horizontal, vertical weights
	between              []uint8    // the image after one axis
	padded               [2][]uint8 // rows that the assembly would read beyond
	whole                Image      // what ResizeCrop pads
}

// Resize is Resizer.Resize with scratch memory of its own.
func Resize(dst, src *Image, f Filter) {
	var r Resizer
	r.Resize(dst, src, f)
}

// Resize fills dst with src resampled to dst's size (PIL.Image.resize: one axis
// after the other, each rounded to 8 bits). dst and src must have the same channels
// and may not overlap.
func (r *Resizer) Resize(dst, src *Image, f Filter) {
	r.window(dst, src, dst.W, dst.H, 0, 0, f)
}

// ResizeCrop fills dst with the centre of src resized so that its shorter side is
// side pixels long: torchvision's Resize(side) and CenterCrop on a PIL image. Only
// pixels of the crop are computed. Where dst is larger than the resized image it is
// padded with black.
func (r *Resizer) ResizeCrop(dst, src *Image, side int, f Filter) {
	w, h := ShortSide(src.W, src.H, side)
	left, top := CentreCrop(w, dst.W), CentreCrop(h, dst.H)
	if left >= 0 && top >= 0 {
		r.window(dst, src, w, h, left, top, f)
		return
	}
	r.whole = Image{Pix: grow(r.whole.Pix, w*h*src.C), W: w, H: h, C: src.C}
	r.Resize(&r.whole, src, f)
	Crop(dst, &r.whole, left, top)
}

// ShortSide returns the size of a w×h image after torchvision's Resize(side): the
// longer side is rounded down.
func ShortSide(w, h, side int) (int, int) {
	if w <= h {
		return side, side * h / w
	}
	return side * w / h, side
}

// CentreCrop returns where torchvision's CenterCrop begins: half of what is left over,
// rounded to even; and minus half of what is missing, rounded towards zero.
func CentreCrop(length, crop int) int {
	if length < crop {
		return -((crop - length) / 2)
	}
	return int(math.RoundToEven(float64(length-crop) / 2))
}

// window fills dst with what lies from (left, top) on in src resized to w×h.
func (r *Resizer) window(dst, src *Image, w, h, left, top int, f Filter) {
	if dst.C != src.C {
		panic("pixel: destination and source differ in channels")
	}
	c, stride := src.C, src.W*src.C
	if w == src.W && h == src.H {
		Crop(dst, src, left, top)
		return
	}
	var columns, rows span // of the source, that the window needs
	if w == src.W {
		columns = span{left, left + dst.W}
	} else {
		columns = r.horizontal.set(src.W, w, left, dst.W, f)
	}
	if h == src.H {
		rows = span{top, top + dst.H}
	} else {
		rows = r.vertical.set(src.H, h, top, dst.H, f)
	}
	in := src.Pix[rows.first*stride+columns.first*c:]
	switch {
	case w == src.W:
		r.columns(dst.Pix, in, stride, dst.W*c)
	case h == src.H:
		r.rows(dst.Pix, in, stride, dst.H, c)
	case src.H > h && src.H-h > 2*(src.W-w):
		// Since 13.0 Pillow takes columns first where the height shrinks by more than
		// twice what the width does (Resample.c).
		width := (columns.end - columns.first) * c
		r.between = grow(r.between, width*dst.H)
		r.columns(r.between, in, stride, width)
		r.rows(dst.Pix, r.between, width, dst.H, c)
	default:
		r.between = grow(r.between, dst.W*c*(rows.end-rows.first))
		r.rows(r.between, in, stride, rows.end-rows.first, c)
		r.columns(dst.Pix, r.between, dst.W*c, dst.W*c)
	}
}

// rows resamples n rows of src, which begin stride bytes apart, along x.
func (r *Resizer) rows(dst, src []uint8, stride, n, c int) {
	k := &r.horizontal
	width := len(k.first) * c
	if r.rowsByVector(dst, src, stride, n, c) {
		return
	}
	for y := range n {
		in, out := src[y*stride:], dst[y*width:(y+1)*width]
		if c == 3 {
			k.row3(out, in)
		} else {
			k.row1(out, in)
		}
	}
}

func (k *weights) row3(out, in []uint8) {
	for x, first := range k.first {
		r, g, b := half, half, half
		from := in[first*3:]
		for _, w := range k.values[x*k.stride : x*k.stride+k.count[x]] {
			p := (*[3]uint8)(from)
			r += int32(p[0]) * w
			g += int32(p[1]) * w
			b += int32(p[2]) * w
			from = from[3:]
		}
		o := (*[3]uint8)(out[3*x:])
		o[0], o[1], o[2] = clip8(r), clip8(g), clip8(b)
	}
}

func (k *weights) row1(out, in []uint8) {
	for x, first := range k.first {
		sum := half
		ws := k.values[x*k.stride : x*k.stride+k.count[x]]
		for i, v := range in[first : first+len(ws)] {
			sum += int32(v) * ws[i]
		}
		out[x] = clip8(sum)
	}
}

// columns resamples the first width bytes of src's rows, which begin stride bytes
// apart, along y.
func (r *Resizer) columns(dst, src []uint8, stride, width int) {
	k := &r.vertical
	for y, first := range k.first {
		ws := k.values[y*k.stride : y*k.stride+k.count[y]]
		out, in := dst[y*width:(y+1)*width], src[first*stride:]
		if !columnsByVector(out, in, stride, ws) {
			addRows(out, in, stride, ws)
		}
	}
}

// addRows fills out with the sum of rows, stride bytes apart, each times its weight.
func addRows(out, in []uint8, stride int, ws []int32) {
	for i := range out {
		sum := half
		at := i
		for _, w := range ws {
			sum += int32(in[at]) * w
			at += stride
		}
		out[i] = clip8(sum)
	}
}
