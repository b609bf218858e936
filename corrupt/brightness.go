package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// brightnessLevels are added to V of HSV.
var brightnessLevels = levels[float64]{
	{0.05, 0.1, 0.15, 0.2, 0.3},
	{0.1, 0.2, 0.3, 0.4, 0.5},
	{0.1, 0.2, 0.3, 0.4, 0.5},
	{0.1, 0.2, 0.3, 0.4, 0.5},
}

type brightness [Severities]float64

func newBrightness(t table) corruption { return brightness(brightnessLevels[t]) }

func (l brightness) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	brighten(dst, src, l[severity])
}

// brighten adds to V. A grey image is its own V.
func brighten(dst, src *pixel.Image, add float64) {
	if src.C == 1 {
		for i, v := range src.Pix {
			dst.Pix[i] = toByte(fraction[v] + add)
		}
		return
	}
	for i := 0; i < len(src.Pix); i += 3 {
		p, q := src.Pix[i:i+3:i+3], dst.Pix[i:i+3:i+3]
		h, s, v := hsv(fraction[p[0]], fraction[p[1]], fraction[p[2]])
		r, g, b := rgb(h, s, min(max(v+add, 0), 1))
		q[0], q[1], q[2] = toByte(r), toByte(g), toByte(b)
	}
}

// hsv converts RGB in [0,1] in the order of operations of scikit-image's
// color.rgb2hsv, in float64: the published bytes depend on it. h is in [0,1).
func hsv(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	delta := v - min(r, g, b)
	if delta == 0 {
		return 0, 0, v
	}
	switch v {
	// Of equal maxima the last one decides.
	case b:
		h = 4 + (r-g)/delta
	case g:
		h = 2 + (b-r)/delta
	default:
		h = (g - b) / delta
	}
	h /= 6
	if h < 0 {
		h++
	}
	return h, delta / v, v
}

// rgb converts back, in the order of operations of color.hsv2rgb. Products are
// rounded by an explicit conversion, so that no architecture fuses them.
func rgb(h, s, v float64) (r, g, b float64) {
	sector := math.Floor(h * 6)
	f := float64(h*6) - sector
	p := v * (1 - s)
	q := v * (1 - float64(f*s))
	t := v * (1 - float64((1-f)*s))
	switch int(sector) {
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	case 5:
		return v, p, q
	default: // 0, and 6 where h rounds to 1
		return v, t, p
	}
}
