package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// glass is the σ of a Gaussian in pixels, how far pixels move, and how often.
type glass struct {
	sigma             float64
	reach, iterations int
}

var glassBlurLevels = levels[glass]{
	{{0.05, 1, 1}, {0.25, 1, 1}, {0.4, 1, 1}, {0.25, 1, 2}, {0.4, 1, 2}},
	{{0.1, 1, 1}, {0.5, 1, 1}, {0.6, 1, 2}, {0.7, 2, 1}, {0.9, 2, 2}},
	{{0.7, 1, 2}, {0.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}},
	{{0.8, 1, 3}, {1, 3, 1}, {1.1, 2, 4}, {1.2, 4, 2}, {1.6, 5, 2}},
}

// glassBlur smooths, moves pixels a little, and smooths again.
type glassBlur struct {
	levels  [Severities]glass
	kernels [Severities]bell
	blurred blurred
}

func newGlassBlur(t table) corruption {
	g := &glassBlur{levels: glassBlurLevels[t]}
	for i, level := range g.levels {
		g.kernels[i] = newBell(level.sigma, 4)
	}
	return g
}

func (g *glassBlur) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	level, kernel := g.levels[severity], g.kernels[severity]
	g.blurred.apply(dst, src, kernel)
	for range level.iterations {
		level.scatter(dst, r)
	}
	g.blurred.apply(dst, dst, kernel)
}

// scatter gives each pixel the value of one near it, from the last to the first, so
// that values travel. The original means to swap the two, but its two views of one
// array only copy; and neither +reach nor the first and the last rows and columns
// are ever reached.
func (g glass) scatter(m *pixel.Image, r *rng.Stream) {
	d, row := g.reach, m.W*m.C
	for y := m.H - d; y > d; y-- {
		for x := m.W - d; x > d; x-- {
			draw := r.IntN(4 * d * d)
			dx, dy := draw%(2*d)-d, draw/(2*d)-d
			to := y*row + x*m.C
			from := to + dy*row + dx*m.C
			if m.C == 3 {
				p, q := m.Pix[to:][:3], m.Pix[from:][:3]
				p[0], p[1], p[2] = q[0], q[1], q[2]
			} else {
				m.Pix[to] = m.Pix[from]
			}
		}
	}
}
