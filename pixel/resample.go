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

// precision is the number of fractional bits of the weights: 32 bits less 8 of a
// value and 2 for overflow (Resample.c).
const precision = 32 - 8 - 2

// weights holds, for each output position of one axis, the first source position
// and the fixed-point weights of those from there on.
type weights struct {
	first, count []int
	values       []int32 // stride apart
	stride       int
	buf          []float64
}

// set computes the weights that resize a length in to a length out.
func (k *weights) set(in, out int, f Filter) {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := f.support * stretch
	k.stride = int(math.Ceil(support))*2 + 1
	k.first, k.count = grow(k.first, out), grow(k.count, out)
	k.values, k.buf = grow(k.values, out*k.stride), grow(k.buf, k.stride)
	inverse := 1 / stretch
	for i := range out {
		centre := float64((float64(i) + 0.5) * scale)
		first := max(int(centre-support+0.5), 0)
		count := min(int(centre+support+0.5), in) - first
		var sum float64
		for j := range count {
			w := f.weight((float64(j+first) - centre + 0.5) * inverse)
			k.buf[j] = w
			sum += w
		}
		for j, w := range k.buf[:count] {
			if sum != 0 {
				w /= sum
			}
			k.values[i*k.stride+j] = int32(0.5 + float64(w*(1<<precision)))
		}
		k.first[i], k.count[i] = first, count
	}
}

// grow returns a slice of length n, the given one where it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Resizer resizes images and keeps its scratch memory between calls. Its zero
// value is ready. It is not safe for concurrent use.
type Resizer struct {
	horizontal, vertical weights
	between              Image
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
	if dst.C != src.C {
		panic("pixel: destination and source differ in channels")
	}
	switch {
	case dst.W == src.W && dst.H == src.H:
		dst.CopyFrom(src)
	case dst.W == src.W:
		r.columns(dst, src, f)
	case dst.H == src.H:
		r.rows(dst, src, f)
	case src.H > dst.H && src.H-dst.H > 2*(src.W-dst.W):
		// Since 13.0 Pillow takes columns first where the height shrinks by more than
		// twice what the width does (Resample.c).
		r.columns(r.scratch(src.W, dst.H, src.C), src, f)
		r.rows(dst, &r.between, f)
	default:
		r.rows(r.scratch(dst.W, src.H, src.C), src, f)
		r.columns(dst, &r.between, f)
	}
}

// scratch returns the intermediate image, resized.
func (r *Resizer) scratch(w, h, c int) *Image {
	r.between = Image{Pix: grow(r.between.Pix, w*h*c), W: w, H: h, C: c}
	return &r.between
}

// rows resamples along x; dst and src have the same height.
func (r *Resizer) rows(dst, src *Image, f Filter) {
	k, c := &r.horizontal, src.C
	k.set(src.W, dst.W, f)
	for y := range src.H {
		in := src.Pix[y*src.W*c : (y+1)*src.W*c]
		out := dst.Pix[y*dst.W*c : (y+1)*dst.W*c]
		for x := range dst.W {
			ws := k.values[x*k.stride : x*k.stride+k.count[x]]
			for ch := range c {
				sum := int32(1 << (precision - 1))
				at := k.first[x]*c + ch
				for _, w := range ws {
					sum += int32(in[at]) * w
					at += c
				}
				out[x*c+ch] = clip8(sum)
			}
		}
	}
}

// columns resamples along y; dst and src have the same width.
func (r *Resizer) columns(dst, src *Image, f Filter) {
	k, stride := &r.vertical, src.W*src.C
	k.set(src.H, dst.H, f)
	for y := range dst.H {
		ws := k.values[y*k.stride : y*k.stride+k.count[y]]
		out := dst.Pix[y*stride : (y+1)*stride]
		for i := range out {
			sum := int32(1 << (precision - 1))
			at := k.first[y]*stride + i
			for _, w := range ws {
				sum += int32(src.Pix[at]) * w
				at += stride
			}
			out[i] = clip8(sum)
		}
	}
}

// clip8 drops the fractional bits and clips to 8 bits.
func clip8(sum int32) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }
