package pixel

import (
	"math"
	"strconv"
)

// The affine operations sample bilinearly as Pillow's Geometry.c does with
// resample=BILINEAR: the centre of an output pixel, (x+0.5, y+0.5), is mapped into
// the source; outside it the output is black; inside, half a pixel is taken off
// again, the four neighbours (clamped at the border) are mixed in double
// precision, and the result is truncated. Every product is rounded before it is
// added, by an explicit conversion, so that no processor fuses the two.

// TranslateX moves the content left by px pixels (right where px is negative), as
// the matrix (1, 0, px, 0, 1, 0) does; the uncovered part is black.
func TranslateX(dst, src *Image, px int) {
	mustMatch(dst, src)
	Crop(dst, src, px, 0)
}

// TranslateY moves the content up by px pixels (down where px is negative), as the
// matrix (1, 0, 0, 0, 1, px) does; the uncovered part is black.
func TranslateY(dst, src *Image, px int) {
	mustMatch(dst, src)
	Crop(dst, src, 0, px)
}

// ShearX applies the matrix (1, v, 0, 0, 1, 0): the row y moves left by v·(y+0.5).
// Rows map to themselves, so the interpolation is one-dimensional and still bit
// equal.
func ShearX(dst, src *Image, v float64) {
	mustMatch(dst, src)
	c, stride := src.C, src.W*src.C
	width := float64(src.W)
	for y := range src.H {
		shift := v * (float64(y) + 0.5)
		in := src.Pix[y*stride : (y+1)*stride]
		out := dst.Pix[y*stride : (y+1)*stride]
		for x := range src.W {
			px := out[x*c : x*c+c]
			at := float64(x) + 0.5 + shift
			if at < 0 || at >= width {
				clear(px)
				continue
			}
			at -= 0.5
			left := int(at+1) - 1
			frac := at - float64(left)
			a := in[max(left, 0)*c:]
			b := in[min(left+1, src.W-1)*c:]
			for k := range px {
				px[k] = lerp(a[k], b[k], frac)
			}
		}
	}
}

// floor returns the largest integer not above v, for v of at least -1.
func floor(v float64) int {
	if v < 0 {
		return -1
	}
	return int(v)
}

// lerp returns a + (b-a)·t truncated.
func lerp(a, b uint8, t float64) uint8 {
	return uint8(float64(a) + float64(float64(int(b)-int(a))*t))
}

// ShearY applies the matrix (1, 0, 0, v, 1, 0): the column x moves up by
// v·(x+0.5). Columns map to themselves.
func ShearY(dst, src *Image, v float64) {
	mustMatch(dst, src)
	c, stride := src.C, src.W*src.C
	height := float64(src.H)
	for y := range src.H {
		out := dst.Pix[y*stride : (y+1)*stride]
		for x := range src.W {
			px := out[x*c : x*c+c]
			at := float64(v*(float64(x)+0.5)) + (float64(y) + 0.5)
			if at < 0 || at >= height {
				clear(px)
				continue
			}
			at -= 0.5
			top := int(at+1) - 1
			frac := at - float64(top)
			a := src.Pix[max(top, 0)*stride+x*c:]
			b := src.Pix[min(top+1, src.H-1)*stride+x*c:]
			for k := range px {
				px[k] = lerp(a[k], b[k], frac)
			}
		}
	}
}

// Rotate turns the content counter-clockwise about the centre by the given number
// of degrees (PIL.Image.rotate with BILINEAR); uncovered corners are black. It
// panics unless -90 < degrees < 90.
func Rotate(dst, src *Image, degrees float64) {
	mustMatch(dst, src)
	if !(degrees > -90 && degrees < 90) {
		panic("pixel: Rotate needs an angle between -90 and 90 degrees")
	}
	if degrees == 0 {
		dst.CopyFrom(src)
		return
	}
	affine(dst, src, rotation(degrees, src.W, src.H))
}

// rotation returns the matrix that Pillow's Image.rotate builds, output to input.
func rotation(degrees float64, w, h int) [6]float64 {
	if degrees < 0 {
		degrees += 360 // Python's degrees % 360
	}
	sin, cos := math.Sincos(-(degrees * (math.Pi / 180)))
	sin, cos = round15(sin), round15(cos)
	cx, cy := float64(w)/2, float64(h)/2
	return [6]float64{
		cos, sin, float64(cos*-cx) + float64(sin*-cy) + cx,
		-sin, cos, float64(-sin*-cx) + float64(cos*-cy) + cy,
	}
}

// round15 is Python's round(v, 15): to the nearest number of 15 decimals.
func round15(v float64) float64 {
	var buf [24]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], v, 'f', 15, 64)), 64)
	if err != nil {
		panic("pixel: a formatted number did not parse")
	}
	return rounded
}

// affine maps output to input by x' = m0·x + m1·y + m2, y' = m3·x + m4·y + m5.
func affine(dst, src *Image, m [6]float64) {
	c, stride := src.C, src.W*src.C
	width, height := float64(src.W), float64(src.H)
	for y := range src.H {
		yc := float64(y) + 0.5
		xShift, yShift := m[1]*yc, m[4]*yc
		out := dst.Pix[y*stride : (y+1)*stride]
		for x := range src.W {
			px := out[x*c : x*c+c]
			xc := float64(x) + 0.5
			u := float64(m[0]*xc) + xShift + m[2]
			v := float64(m[3]*xc) + yShift + m[5]
			if u < 0 || u >= width || v < 0 || v >= height {
				clear(px)
				continue
			}
			u -= 0.5
			v -= 0.5
			left, top := floor(u), floor(v)
			du, dv := u-float64(left), v-float64(top)
			x0, x1 := max(left, 0)*c, min(left+1, src.W-1)*c
			row0 := src.Pix[max(top, 0)*stride:]
			row1 := src.Pix[min(top+1, src.H-1)*stride:]
			a, b := row0[x0:], row0[x1:]
			d, e := row1[x0:], row1[x1:]
			for k := range px {
				upper := float64(a[k]) + float64(float64(int(b[k])-int(a[k]))*du)
				lower := float64(d[k]) + float64(float64(int(e[k])-int(d[k]))*du)
				px[k] = uint8(upper + float64((lower-upper)*dv))
			}
		}
	}
}
