package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// zoomRange are the factors from 1 in steps, as numpy.arange gives them.
type zoomRange struct{ stop, step float64 }

var zoomBlurLevels = levels[zoomRange]{
	{{1.06, 0.01}, {1.11, 0.01}, {1.16, 0.01}, {1.21, 0.01}, {1.26, 0.01}},
	{{1.06, 0.01}, {1.11, 0.01}, {1.16, 0.01}, {1.21, 0.01}, {1.26, 0.01}},
	{{1.11, 0.01}, {1.16, 0.01}, {1.21, 0.02}, {1.26, 0.02}, {1.31, 0.03}},
	{{1.11, 0.01}, {1.16, 0.01}, {1.21, 0.02}, {1.26, 0.02}, {1.31, 0.03}},
}

// factors returns the range; rounding puts a stop into some.
func (z zoomRange) factors() []float64 {
	second := 1 + z.step
	step := second - 1
	all := make([]float64, int(math.Ceil((z.stop-1)/z.step)))
	for i := range all {
		all[i] = 1 + float64(float64(i)*step)
	}
	return all
}

// zoomBlur averages an image and its enlargements, in float32.
type zoomBlur struct {
	levels       [Severities]zoomRange
	w, h         int
	zooms        [Severities][]zoom // of images of w×h
	values, sums []float32
	rows         zoomRows
}

func newZoomBlur(t table) corruption { return &zoomBlur{levels: zoomBlurLevels[t]} }

func (z *zoomBlur) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	if z.w != src.W || z.h != src.H {
		z.w, z.h, z.zooms = src.W, src.H, [Severities][]zoom{}
	}
	if z.zooms[severity] == nil {
		for _, factor := range z.levels[severity].factors() {
			z.zooms[severity] = append(z.zooms[severity], newZoom(src.W, src.H, factor))
		}
	}
	n, row := len(src.Pix), src.W*src.C
	z.values, z.sums = grow(z.values, n), grow(z.sums, n)
	for i, v := range src.Pix {
		z.values[i] = unit[v]
		z.sums[i] = z.values[i] // enlarged by the first factor, 1
	}
	for _, zoom := range z.zooms[severity][1:] {
		for y := range src.H {
			z.rows.set(zoom, y, z.values, src.C)
			z.rows.addTo(z.sums[y*row:][:row], zoom, src.C)
		}
	}
	count := float32(len(z.zooms[severity]) + 1)
	for i, sum := range z.sums {
		mean := (z.values[i] + sum) / count
		dst.Pix[i] = uint8(min(max(mean, 0), 1) * 255)
	}
}
