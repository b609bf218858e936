package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// gaussianNoiseLevels are the standard deviations on the scale of 0 to 1.
var gaussianNoiseLevels = levels[float64]{
	{0.04, 0.06, 0.08, 0.09, 0.10},
	{0.04, 0.08, 0.12, 0.15, 0.18},
	{0.08, 0.12, 0.18, 0.26, 0.38},
	{0.09, 0.13, 0.19, 0.27, 0.40},
}

type gaussianNoise [Severities]float64

func newGaussianNoise(t table) corruption { return gaussianNoise(gaussianNoiseLevels[t]) }

// apply adds a normal deviate of its own to every value of every channel.
func (g gaussianNoise) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	sigma := g[severity]
	for i, v := range src.Pix {
		dst.Pix[i] = toByte(fraction[v] + float64(sigma*r.Norm()))
	}
}
