package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// elastic is how far pixels move, the σ that smooths these displacements, and how
// far the corners of a triangle move: all in pixels.
type elastic struct{ alpha, sigma, jitter float64 }

// elasticTransformLevels are the original's products. It writes 244 where 224 was
// meant, and 360 for 299.
var elasticTransformLevels = levels[elastic]{
	{{0, 0, 32 * 0.08}, {32 * 0.05, 32 * 0.2, 32 * 0.07}, {32 * 0.08, 32 * 0.06, 32 * 0.06}, {32 * 0.1, 32 * 0.04, 32 * 0.05}, {32 * 0.1, 32 * 0.03, 32 * 0.03}},
	{{0, 0, 64 * 0.08}, {64 * 0.05, 64 * 0.3, 64 * 0.06}, {64 * 0.1, 64 * 0.08, 64 * 0.06}, {64 * 0.1, 64 * 0.03, 64 * 0.03}, {64 * 0.16, 64 * 0.03, 64 * 0.02}},
	{{244 * 2, 244 * 0.7, 244 * 0.1}, {244 * 2, 244 * 0.08, 244 * 0.2}, {244 * 0.05, 244 * 0.01, 244 * 0.02}, {244 * 0.07, 244 * 0.01, 244 * 0.02}, {244 * 0.12, 244 * 0.01, 244 * 0.02}},
	{{360 * 2, 360 * 0.7, 360 * 0.1}, {360 * 2, 360 * 0.08, 360 * 0.2}, {360 * 0.05, 360 * 0.01, 360 * 0.02}, {360 * 0.07, 360 * 0.01, 360 * 0.02}, {360 * 0.12, 360 * 0.01, 360 * 0.02}},
}

// elasticTransform moves the image as a triangle moves, then every pixel by a
// smooth field of its own.
type elasticTransform struct {
	levels  [Severities]elastic
	kernels [Severities]bell
	waves   waves
	smoother
	dx, dy        []float64
	values, moved []float32
}

func newElasticTransform(t table) corruption {
	e := &elasticTransform{levels: elasticTransformLevels[t]}
	for i, level := range e.levels {
		if level.sigma > 0 {
			e.kernels[i] = newBell(level.sigma, 3)
		}
	}
	return e
}

func (e *elasticTransform) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	level, n := e.levels[severity], len(src.Pix)
	e.values, e.moved = grow(e.values, n), grow(e.moved, n)
	for i, v := range src.Pix {
		e.values[i] = unit[v]
	}
	back := triangleMove(src.W, src.H, level.jitter, r)
	plane := floats{e.values, src.W, src.H, src.C}
	for y := range src.H {
		for x := range src.W {
			u, v := back.at(float64(x), float64(y))
			plane.sample(e.moved[(y*src.W+x)*src.C:][:src.C], u, v, mirror)
		}
	}
	plane.pix = e.moved
	if level.alpha == 0 {
		for i, v := range plane.pix {
			dst.Pix[i] = uint8(v * 255)
		}
		return
	}
	e.dx = e.field(grow(e.dx, src.W*src.H), src.W, src.H, severity, r)
	e.dy = e.field(grow(e.dy, src.W*src.H), src.W, src.H, severity, r)
	var value [3]float32
	for y := range src.H {
		for x := range src.W {
			i := y*src.W + x
			plane.sample(value[:src.C], float64(x)+float64(e.dx[i]*level.alpha), float64(y)+float64(e.dy[i]*level.alpha), reflect)
			for ch, v := range value[:src.C] {
				dst.Pix[i*src.C+ch] = uint8(v * 255)
			}
		}
	}
}

// field fills m with uniform noise of -1 to 1, smoothed.
func (e *elasticTransform) field(m []float64, w, h, severity int, r *rng.Stream) []float64 {
	for i := range m {
		m[i] = r.Uniform(-1, 1)
	}
	if kernel := e.kernels[severity]; len(kernel) > manyWeights {
		e.waves.smooth(m, w, h, kernel)
	} else {
		e.smooth(m, w, 1, kernel, reflect)
	}
	return m
}

// manyWeights is from how many on a sum over waves is less work than one over
// weights.
const manyWeights = 32

// affine maps (x, y) to (x·a[0] + y·a[1] + a[2], x·a[3] + y·a[4] + a[5]).
type affine [6]float64

func (a affine) at(x, y float64) (u, v float64) {
	return a[0]*x + a[1]*y + a[2], a[3]*x + a[4]*y + a[5]
}

// triangleMove draws how three corners of a square in the middle of a w×h image
// move, and returns the affine map that moves them back.
func triangleMove(w, h int, jitter float64, r *rng.Stream) affine {
	// The original takes the height for x; its images are square.
	cx, cy, side := float64(w/2), float64(h/2), float64(min(w, h)/3)
	if side == 0 {
		return affine{1, 0, 0, 0, 1, 0} // of images too small for a triangle
	}
	corners := [3][2]float64{{cx + side, cy + side}, {cx + side, cy - side}, {cx - side, cy - side}}
	var moved [3][2]float64
	for i, p := range corners {
		moved[i] = [2]float64{p[0] + r.Uniform(-jitter, jitter), p[1] + r.Uniform(-jitter, jitter)}
	}
	// Edges of the moved triangle, and of the first: (0, 2·side) and (2·side, 0).
	ex, ey := moved[0][0]-moved[1][0], moved[0][1]-moved[1][1]
	fx, fy := moved[1][0]-moved[2][0], moved[1][1]-moved[2][1]
	det := fx*ey - fy*ex
	if math.Abs(det) < 1e-9 {
		return affine{1, 0, 0, 0, 1, 0} // has probability 0
	}
	a := affine{2 * side * ey / det, -2 * side * ex / det, 0, -2 * side * fy / det, 2 * side * fx / det, 0}
	u, v := a.at(moved[1][0], moved[1][1])
	a[2], a[5] = corners[1][0]-u, corners[1][1]-v
	return a
}

// floats is an image in float32: rows of w pixels of c interleaved values.
type floats struct {
	pix     []float32
	w, h, c int
}

// sample fills out with the pixel at (x, y), mixed linearly from the four around it.
func (f floats) sample(out []float32, x, y float64, outside func(i, n int) int) {
	left, top := math.Floor(x), math.Floor(y)
	u, v := x-left, y-top
	x0, y0 := int(left), int(top)
	x1, y1 := x0+1, y0+1
	if x0 < 0 || x1 >= f.w {
		x0, x1 = outside(x0, f.w), outside(x1, f.w)
	}
	if y0 < 0 || y1 >= f.h {
		y0, y1 = outside(y0, f.h), outside(y1, f.h)
	}
	a, b := f.pix[(y0*f.w+x0)*f.c:][:f.c], f.pix[(y0*f.w+x1)*f.c:][:f.c]
	c, d := f.pix[(y1*f.w+x0)*f.c:][:f.c], f.pix[(y1*f.w+x1)*f.c:][:f.c]
	wa, wb, wc, wd := float32((1-u)*(1-v)), float32(u*(1-v)), float32((1-u)*v), float32(u*v)
	for ch := range out {
		out[ch] = min(float32(a[ch]*wa)+float32(b[ch]*wb)+float32(c[ch]*wc)+float32(d[ch]*wd), 1)
	}
}
