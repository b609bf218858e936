package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// pixelateLevels are the factors by which the image is shrunk.
var pixelateLevels = levels[float64]{
	{0.95, 0.9, 0.85, 0.75, 0.65},
	{0.9, 0.8, 0.7, 0.6, 0.5},
	{0.6, 0.5, 0.4, 0.3, 0.25},
	{0.5, 0.4, 0.3, 0.25, 0.2},
}

type pixelate struct {
	factors [Severities]float64
	small   pixel.Image
	resizer pixel.Resizer
}

func newPixelate(t table) corruption { return &pixelate{factors: pixelateLevels[t]} }

// apply shrinks the image and enlarges it again, both with Pillow's box filter.
func (p *pixelate) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	w := max(int(float64(src.W)*p.factors[severity]), 1)
	h := max(int(float64(src.H)*p.factors[severity]), 1)
	p.small = pixel.Image{Pix: grow(p.small.Pix, w*h*src.C), W: w, H: h, C: src.C}
	p.resizer.Resize(&p.small, src, pixel.Box)
	p.resizer.Resize(dst, &p.small, pixel.Box)
}
