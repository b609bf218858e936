package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// shotNoises have the mean number of photons of a white pixel as constants.
var shotNoises = newByteNoises(levels[float64]{
	{500, 250, 100, 75, 50},
	{250, 100, 50, 30, 15},
	{60, 25, 12, 5, 3},
	{50, 20, 10, 5, 3},
}, shotBelow)

// shotBelow is the distribution of v as photons, of which white has so many.
func shotBelow(p *[256]float64, v int, white float64) {
	if v == 0 {
		for k := range p {
			p[k] = 1
		}
		return
	}
	mean, below := fraction[v]*white, 0.0
	n, logFactorial, logMean := 0, 0.0, math.Log(mean)
	for k := range 255 {
		for toByte(float64(n)/white) <= uint8(k) {
			below += math.Exp(float64(float64(n)*logMean) - mean - logFactorial)
			n++
			logFactorial += math.Log(float64(n))
		}
		p[k] = below
	}
}

type shotNoise [Severities]func() *byteNoise

func newShotNoise(t table) corruption { return shotNoise(shotNoises[t]) }

// apply replaces every value by a count of photons, which has the Poisson
// distribution.
func (s shotNoise) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	s[severity]().apply(dst.Pix, src.Pix, r)
}
