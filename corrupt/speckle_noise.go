package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// speckleNoises have standard deviations relative to the value.
var speckleNoises = newByteNoises(levels[float64]{
	{0.06, 0.1, 0.12, 0.16, 0.2},
	{0.15, 0.2, 0.25, 0.3, 0.35},
	{0.15, 0.2, 0.35, 0.45, 0.6},
	{0.16, 0.21, 0.36, 0.46, 0.61},
}, speckleBelow)

// speckleBelow is the distribution of v with normal noise in proportion to it.
func speckleBelow(p *[256]float64, v int, sigma float64) {
	for k := range p {
		p[k] = 1 // of black
		if v > 0 {
			p[k] = normalBelow((float64(k+1)/float64(v) - 1) / sigma)
		}
	}
}

type speckleNoise [Severities]func() *byteNoise

func newSpeckleNoise(t table) corruption { return speckleNoise(speckleNoises[t]) }

// apply adds to every value a normal deviate of its own times the value.
func (s speckleNoise) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	s[severity]().apply(dst.Pix, src.Pix, r)
}
