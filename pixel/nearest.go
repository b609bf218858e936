package pixel

import "math"

// What follows is Pillow's Geometry.c with NEAREST, the default of Image.transform and Image.rotate. It takes two
// ways: one for matrices that scale and move alone, in float64 that it adds up, and one in 16.16 fixed point.

// TranslateNearest moves the content left by dx and up by dy pixels, which need not be whole.
func TranslateNearest(dst, src *Image, dx, dy float64, fill uint8) {
	mustMatch(dst, src)
	c := src.C
	v := dy + 0.5
	for y := range src.H {
		row := dst.Pix[y*src.W*c : (y+1)*src.W*c]
		sy := coordinate(v)
		v++
		if sy < 0 || sy >= src.H {
			set(row, fill)
			continue
		}
		in := src.Pix[sy*src.W*c : (sy+1)*src.W*c]
		u := dx + 0.5
		for x := range src.W {
			out := row[x*c : x*c+c]
			if sx := coordinate(u); sx >= 0 && sx < src.W {
				copy(out, in[sx*c:])
			} else {
				set(out, fill)
			}
			u++
		}
	}
}

// coordinate is Pillow's COORD: truncated, and -1 for what is negative.
func coordinate(v float64) int {
	if v < 0 {
		return -1
	}
	return int(v)
}

// ShearXNearest applies the matrix (1, v, 0, 0, 1, 0) without interpolation.
func ShearXNearest(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	nearest(dst, src, matrix{1, v, 0, 0, 1, 0}, fill)
}

// ShearYNearest applies the matrix (1, 0, 0, v, 1, 0) without interpolation.
func ShearYNearest(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	nearest(dst, src, matrix{1, 0, 0, v, 1, 0}, fill)
}

// RotateNearest turns the content counter-clockwise about the centre without interpolation (PIL.Image.rotate). It
// panics unless -90 < degrees < 90.
func RotateNearest(dst, src *Image, degrees float64, fill uint8) {
	mustMatch(dst, src)
	if !(degrees > -90 && degrees < 90) {
		panic("pixel: RotateNearest needs an angle between -90 and 90 degrees")
	}
	if degrees == 0 {
		dst.CopyFrom(src)
		return
	}
	nearest(dst, src, rotation(degrees, src.W, src.H), fill)
}

// nearest maps dst's pixels into src. A matrix without a part across the axes is a translation here. Sides up to
// 10 000 pixels keep the fixed point within the 32 bits that Pillow has.
func nearest(dst, src *Image, m matrix, fill uint8) {
	if m[1] == 0 && m[3] == 0 {
		TranslateNearest(dst, src, m[2], m[5], fill)
		return
	}
	stepU, stepV := fixed(m[0]), fixed(m[3])
	downU, downV := fixed(m[1]), fixed(m[4])
	startU := fixed(m[2] + float64(m[0]*0.5) + float64(m[1]*0.5))
	startV := fixed(m[5] + float64(m[3]*0.5) + float64(m[4]*0.5))
	c := src.C
	for y := range src.H {
		row := dst.Pix[y*src.W*c : (y+1)*src.W*c]
		u, v := startU, startV
		for x := range src.W {
			out := row[x*c : x*c+c]
			if sx, sy := u>>16, v>>16; sx >= 0 && sx < src.W && sy >= 0 && sy < src.H {
				copy(out, src.Pix[(sy*src.W+sx)*c:])
			} else {
				set(out, fill)
			}
			u, v = u+stepU, v+stepV
		}
		startU, startV = startU+downU, startV+downV
	}
}

// fixed is Pillow's FIX: v in 16.16 fixed point, rounded to the nearest.
func fixed(v float64) int { return int(math.Floor(float64(v*65536) + 0.5)) }

// Invert writes 255 minus each value (PIL.ImageOps.invert). dst and src may be the same image.
func Invert(dst, src *Image) {
	mustMatch(dst, src)
	for i, v := range src.Pix {
		dst.Pix[i] = 255 - v
	}
}
