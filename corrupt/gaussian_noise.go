package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// gaussianNoises have their standard deviations on the scale of 0 to 1.
var gaussianNoises = newByteNoises(levels[float64]{
	{0.04, 0.06, 0.08, 0.09, 0.10},
	{0.04, 0.08, 0.12, 0.15, 0.18},
	{0.08, 0.12, 0.18, 0.26, 0.38},
	{0.09, 0.13, 0.19, 0.27, 0.40},
}, gaussianBelow)

// gaussianBelow is the distribution of v with normal noise.
func gaussianBelow(p *[256]float64, v int, sigma float64) {
	for k := range p {
		p[k] = normalBelow(float64(k+1-v) / 255 / sigma)
	}
}

type gaussianNoise [Severities]func() *byteNoise

func newGaussianNoise(t table) corruption { return gaussianNoise(gaussianNoises[t]) }

// apply adds a normal deviate of its own to every value of every channel.
func (g gaussianNoise) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	g[severity]().apply(dst.Pix, src.Pix, r)
}
