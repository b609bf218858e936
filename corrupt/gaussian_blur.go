package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// gaussianBlurLevels are standard deviations in pixels.
var gaussianBlurLevels = levels[float64]{
	{0.4, 0.6, 0.7, 0.8, 1},
	{0.5, 0.75, 1, 1.25, 1.5},
	{1, 2, 3, 4, 6},
	{1.5, 2.5, 3.5, 4.5, 6.5},
}

type gaussianBlur struct {
	kernels  [Severities]bell
	values   []float64
	smoother smoother
}

func newGaussianBlur(t table) corruption {
	var g gaussianBlur
	for i, sigma := range gaussianBlurLevels[t] {
		g.kernels[i] = newBell(sigma, 4)
	}
	return &g
}

// apply smooths with scikit-image's filters.gaussian: edges are repeated.
func (g *gaussianBlur) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	g.values = grow(g.values, len(src.Pix))
	for i, v := range src.Pix {
		g.values[i] = fraction[v]
	}
	g.smoother.smooth(g.values, src.W, src.C, g.kernels[severity], nearestInside)
	for i, v := range g.values {
		dst.Pix[i] = toByte(v)
	}
}
