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
	kernels [Severities]bell
	blurred blurred
}

func newGaussianBlur(t table) corruption {
	var g gaussianBlur
	for i, sigma := range gaussianBlurLevels[t] {
		g.kernels[i] = newBell(sigma, 4)
	}
	return &g
}

func (g *gaussianBlur) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	g.blurred.apply(dst, src, g.kernels[severity])
}

// blurred is an image in [0,1] that is smoothed, and the scratch memory for it.
type blurred struct {
	values   []float64
	smoother smoother
}

// apply smooths src into dst, which may be the same, as scikit-image's
// filters.gaussian does: edges are repeated.
func (b *blurred) apply(dst, src *pixel.Image, kernel bell) {
	if len(kernel) == 1 {
		copy(dst.Pix, src.Pix)
		return
	}
	b.values = grow(b.values, len(src.Pix))
	for i, v := range src.Pix {
		b.values[i] = fraction[v]
	}
	b.smoother.smooth(b.values, src.W, src.C, kernel, nearestInside)
	for i, v := range b.values {
		dst.Pix[i] = toByte(v)
	}
}
