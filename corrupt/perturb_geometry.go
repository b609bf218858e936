package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// affineSequence shows an affine transform in each frame, bilinearly.
type affineSequence struct {
	matrix func(frame, w, h int) [6]float64
}

func (a *affineSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	for i := range frames {
		pixel.AffineWindow(&frames[i], whole, a.matrix(i, whole.W, whole.H), left, top, 0)
	}
}

// newRotateSequence turns clockwise by a degree a frame.
func newRotateSequence(_ pTable, _, frames int) perturbation {
	return &affineSequence{func(i, w, h int) [6]float64 { return affineMatrix(w, h, float64(i-frames/2), 1, 0) }}
}

// newShearSequence shears by a degree a frame.
func newShearSequence(_ pTable, _, frames int) perturbation {
	return &affineSequence{func(i, w, h int) [6]float64 { return affineMatrix(w, h, 0, 1, float64(i-frames/2)) }}
}

// newScaleSequence enlarges by a step a frame.
func newScaleSequence(t pTable, _, _ int) perturbation {
	least, step := 70.0, 2.0
	if t == 1 {
		least, step = 40, 2.5
	}
	return &affineSequence{func(i, w, h int) [6]float64 { return affineMatrix(w, h, 0, (float64(i)*step+least)/100, 0) }}
}

// affineMatrix returns the matrix from output to input that torchvision 0.2.1, of the time
// when the benchmarks were made, gives for a turn in degrees, a scale and a shear in
// degrees about the middle of w×h pixels (transforms.functional.affine). It takes the
// middle to be half a pixel farther right and down than later versions do, and a
// shear there also shortens columns.
func affineMatrix(w, h int, angle, scale, shear float64) [6]float64 {
	angle, shear = angle*(math.Pi/180), shear*(math.Pi/180)
	sin, cos := sincos(angle)
	sinShear, cosShear := sincos(angle + shear)
	factor := 1 / scale / (float64(cosShear*cos) + float64(sinShear*sin))
	m := [6]float64{factor * cosShear, factor * sinShear, 0, factor * -sin, factor * cos, 0}
	x, y := float64(w)*0.5+0.5, float64(h)*0.5+0.5
	m[2] = float64(m[0]*-x) + float64(m[1]*-y) + x
	m[5] = float64(m[3]*-x) + float64(m[4]*-y) + y
	return m
}

// translateSequence moves the image to the right by a pixel a frame.
type translateSequence struct{ first int }

func newTranslateSequence(t pTable, _, _ int) perturbation {
	return &translateSequence{[...]int{-7, -20}[t]}
}

func (t *translateSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	for i := range frames {
		pixel.Crop(&frames[i], whole, left-(t.first+i), top)
	}
}

// tiltSequence turns the image about both axes in space.
type tiltSequence struct{ degrees float64 } // a frame

func newTiltSequence(t pTable, _, _ int) perturbation {
	return &tiltSequence{[...]float64{0.75, 1}[t]}
}

func (t *tiltSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	for i := range frames {
		angle := t.degrees * float64(i-len(frames)/2) * (math.Pi / 180)
		warp(&frames[i], whole, tilted(float64(whole.W), float64(whole.H), angle).inverse(), left, top)
	}
}

// projection maps (x, y, 1) to a multiple of a point, row by row.
type projection [9]float64

// tilted returns the picture of w×h pixels turned by an angle, in radians, about both
// axes through its middle, seen from its diagonal away: the product of the original's
// five matrices.
func tilted(w, h, angle float64) projection {
	sin, cos := math.Sincos(angle)
	f := math.Sqrt(w*w + h*h)
	centre := [][]float64{{1, 0, -w / 2}, {0, 1, -h / 2}, {0, 0, 1}, {0, 0, 1}}
	aboutY := [][]float64{{cos, 0, -sin, 0}, {0, 1, 0, 0}, {sin, 0, cos, 0}, {0, 0, 0, 1}}
	aboutX := [][]float64{{1, 0, 0, 0}, {0, cos, -sin, 0}, {0, sin, cos, 0}, {0, 0, 0, 1}}
	away := [][]float64{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, f}, {0, 0, 0, 1}}
	onto := [][]float64{{f, 0, w / 2, 0}, {0, f, h / 2, 0}, {0, 0, 1, 0}}
	m := product(product(product(product(onto, away), aboutX), aboutY), centre)
	return projection{m[0][0], m[0][1], m[0][2], m[1][0], m[1][1], m[1][2], m[2][0], m[2][1], m[2][2]}
}

// product multiplies two matrices.
func product(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i, row := range a {
		out[i] = make([]float64, len(b[0]))
		for j := range out[i] {
			for k, v := range row {
				out[i][j] += float64(v * b[k][j])
			}
		}
	}
	return out
}

// inverse returns the inverse, in the order of operations of OpenCV's invert.
func (p projection) inverse() projection {
	minor := func(a, b, c, d int) float64 { return float64(p[a]*p[b]) - float64(p[c]*p[d]) }
	scale := 1 / (float64(p[0]*minor(4, 8, 5, 7)) - float64(p[1]*minor(3, 8, 5, 6)) + float64(p[2]*minor(3, 7, 4, 6)))
	return projection{
		minor(4, 8, 5, 7) * scale, minor(2, 7, 1, 8) * scale, minor(1, 5, 2, 4) * scale,
		minor(5, 6, 3, 8) * scale, minor(0, 8, 2, 6) * scale, minor(2, 3, 0, 5) * scale,
		minor(3, 7, 4, 6) * scale, minor(1, 6, 0, 7) * scale, minor(0, 4, 1, 3) * scale,
	}
}

// warpSteps is the number of positions between two pixels that OpenCV's
// warpPerspective knows, and warpBlock the columns that it computes from one start:
// INTER_TAB_SIZE, and BLOCK_SZ²/16 (modules/imgproc/src/imgwarp.cpp, versions 2 to 4).
const (
	warpSteps = 32
	warpBlock = 64
)

// warp fills dst with the window from (left, top) on of src as p maps output to input,
// bilinearly, what is outside being black. It gives the pixels of OpenCV's
// warpPerspective, whose positions are rounded to a 32nd of a pixel.
func warp(dst, src *pixel.Image, p projection, left, top int) {
	block := warpBlock
	if src.W < block {
		block = src.W
	}
	for y := range dst.H {
		fy := float64(y + top)
		for x := range dst.W {
			start := (x + left) / block * block
			fx, within := float64(start), float64(x+left-start)
			z := float64(p[6]*fx) + float64(p[7]*fy) + p[8] + float64(p[6]*within)
			if z != 0 {
				z = warpSteps / z
			}
			u := (float64(p[0]*fx) + float64(p[1]*fy) + p[2] + float64(p[0]*within)) * z
			v := (float64(p[3]*fx) + float64(p[4]*fy) + p[5] + float64(p[3]*within)) * z
			blend(dst.Pix[(y*dst.W+x)*dst.C:][:dst.C], src, step(u), step(v))
		}
	}
}

// step rounds a position to a whole number, of which sums stay small.
func step(x float64) int {
	const far = 1 << 30
	return int(math.RoundToEven(min(max(x, -far), far)))
}

// blend mixes four pixels of src around (u, v), in 32nds of a pixel.
func blend(out []uint8, src *pixel.Image, u, v int) {
	x, y := u>>5, v>>5
	du, dv := u&(warpSteps-1), v&(warpSteps-1)
	if x < -1 || y < -1 || x >= src.W || y >= src.H {
		clear(out)
		return
	}
	at := func(x, y, ch int) int {
		if x < 0 || y < 0 || x >= src.W || y >= src.H {
			return 0
		}
		return int(src.Pix[(y*src.W+x)*src.C+ch])
	}
	for ch := range out {
		upper := (warpSteps-du)*at(x, y, ch) + du*at(x+1, y, ch)
		lower := (warpSteps-du)*at(x, y+1, ch) + du*at(x+1, y+1, ch)
		out[ch] = uint8(((warpSteps-dv)*upper + dv*lower + warpSteps*warpSteps/2) / (warpSteps * warpSteps))
	}
}
