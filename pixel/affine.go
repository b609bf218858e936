package pixel

import (
	"math"
	"strconv"
)

// The geometric operations write fill to every channel of what comes from outside
// the image (Pillow's fillcolor): 0 is the reference's for CIFAR, 128 for ImageNet.

// TranslateX moves the content left by px pixels (right where px is negative), as
// the matrix (1, 0, px, 0, 1, 0) does.
func TranslateX(dst, src *Image, px int, fill uint8) {
	mustMatch(dst, src)
	window(dst, src, px, 0, fill)
}

// TranslateY moves the content up by px pixels (down where px is negative), as the
// matrix (1, 0, 0, 0, 1, px) does.
func TranslateY(dst, src *Image, px int, fill uint8) {
	mustMatch(dst, src)
	window(dst, src, 0, px, fill)
}

// ShearX applies the matrix (1, v, 0, 0, 1, 0) bilinearly: row y moves left by
// v·(y+0.5).
func ShearX(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	if !shearX(dst, src, v, fill) {
		transform(dst, src, matrix{1, v, 0, 0, 1, 0}, alongX, fill)
	}
}

// ShearY applies the matrix (1, 0, 0, v, 1, 0) bilinearly: column x moves up by
// v·(x+0.5).
func ShearY(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	if !shearY(dst, src, v, fill) {
		transform(dst, src, matrix{1, 0, 0, v, 1, 0}, alongY, fill)
	}
}

// Rotate turns the content counter-clockwise about the centre by the given number
// of degrees (PIL.Image.rotate with BILINEAR). It panics unless
// -90 < degrees < 90.
func Rotate(dst, src *Image, degrees float64, fill uint8) {
	mustMatch(dst, src)
	if !(degrees > -90 && degrees < 90) {
		panic("pixel: Rotate needs an angle between -90 and 90 degrees")
	}
	if degrees == 0 {
		dst.CopyFrom(src)
		return
	}
	m := rotation(degrees, src.W, src.H)
	if !rotate(dst, src, m, fill) {
		transform(dst, src, m, alongBoth, fill)
	}
}

// rotation returns the matrix that Pillow's Image.rotate builds.
func rotation(degrees float64, w, h int) matrix {
	if degrees < 0 {
		degrees += 360 // Python's degrees % 360
	}
	sin, cos := math.Sincos(-(degrees * (math.Pi / 180)))
	sin, cos = round15(sin), round15(cos)
	cx, cy := float64(w)/2, float64(h)/2
	return matrix{
		cos, sin, float64(cos*-cx) + float64(sin*-cy) + cx,
		-sin, cos, float64(-sin*-cx) + float64(cos*-cy) + cy,
	}
}

// round15 is Python's round(v, 15) for -1 <= v <= 1: the float64 nearest to the
// nearest number of 15 decimals.
func round15(v float64) float64 {
	// The product is at most 0.0625 off, which decides only near a tie.
	scaled := v * 1e15
	whole := math.Round(scaled)
	if math.Abs(math.Abs(scaled-whole)-0.5) > 0.1 {
		return whole / 1e15
	}
	var buf [24]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], v, 'f', 15, 64)), 64)
	if err != nil {
		panic("pixel: a formatted number did not parse")
	}
	return rounded
}
