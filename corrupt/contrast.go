package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// contrastLevels multiply the distance from the mean.
var contrastLevels = levels[float64]{
	{0.75, 0.5, 0.4, 0.3, 0.15},
	{0.4, 0.3, 0.2, 0.1, 0.05},
	{0.4, 0.3, 0.2, 0.1, 0.05},
	{0.4, 0.3, 0.2, 0.1, 0.05},
}

type contrast [Severities]float64

func newContrast(t table) corruption { return contrast(contrastLevels[t]) }

// apply draws every value to its channel's mean over the image.
func (c contrast) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	// NumPy adds the pixels of a channel one by one in float64; adding the bytes
	// and dividing once would round differently.
	var sum [3]float64
	for i := 0; i < len(src.Pix); i += src.C {
		for ch, v := range src.Pix[i : i+src.C] {
			sum[ch] += fraction[v]
		}
	}
	for ch := range src.C {
		mean := sum[ch] / float64(src.W*src.H)
		var lut [256]uint8
		for v := range lut {
			lut[v] = toByte(float64((fraction[v]-mean)*c[severity]) + mean)
		}
		for i := ch; i < len(src.Pix); i += src.C {
			dst.Pix[i] = lut[src.Pix[i]]
		}
	}
}
