package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// saturation is what S of HSV is multiplied by, and then what is added.
type saturation struct{ times, plus float64 }

var saturateLevels = levels[saturation]{
	{{0.3, 0}, {0.1, 0}, {1.5, 0}, {2, 0.1}, {2.5, 0.2}},
	{{0.3, 0}, {0.1, 0}, {2, 0}, {5, 0.1}, {30, 0.2}},
	{{0.3, 0}, {0.1, 0}, {2, 0}, {5, 0.1}, {20, 0.2}},
	{{0.3, 0}, {0.1, 0}, {2, 0}, {5, 0.1}, {20, 0.2}},
}

type saturate [Severities]saturation

func newSaturate(t table) corruption { return saturate(saturateLevels[t]) }

// apply changes S. In a grey image, which has none, nothing changes; grey pixels of
// an RGB image turn red where something is added.
func (l saturate) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	if src.C == 1 {
		copy(dst.Pix, src.Pix)
		return
	}
	level := l[severity]
	for i := 0; i < len(src.Pix); i += 3 {
		p, q := src.Pix[i:i+3:i+3], dst.Pix[i:i+3:i+3]
		h, s, v := hsv(fraction[p[0]], fraction[p[1]], fraction[p[2]])
		r, g, b := rgb(h, min(max(float64(s*level.times)+level.plus, 0), 1), v)
		q[0], q[1], q[2] = toByte(r), toByte(g), toByte(b)
	}
}
