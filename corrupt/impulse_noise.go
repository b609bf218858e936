package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// impulseNoiseLevels are the shares of the values that are replaced.
var impulseNoiseLevels = levels[float64]{
	{0.01, 0.02, 0.03, 0.05, 0.07},
	{0.01, 0.02, 0.05, 0.08, 0.14},
	{0.03, 0.06, 0.09, 0.17, 0.27},
	{0.04, 0.07, 0.10, 0.18, 0.28},
}

type impulseNoise [Severities]float64

func newImpulseNoise(t table) corruption { return impulseNoise(impulseNoiseLevels[t]) }

// apply makes values, each of a channel by itself, black or white.
func (n impulseNoise) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	end := uint32(n[severity] * (1 << 31))
	for i, v := range src.Pix {
		u := r.Uint64()
		switch {
		case uint32(u>>33) >= end:
			dst.Pix[i] = v
		case u&1 == 0:
			dst.Pix[i] = 0
		default:
			dst.Pix[i] = 255
		}
	}
}
