package methods

import (
	"augmix/pixel"
	"augmix/rng"
)

// patchUniform adds uniform noise to a square of each image: the AugMix paper's Patch Uniform, after Patch Gaussian
// (Lopes et al., 2019). Its constants are not known; all of them are our choice, after the Patch Gaussian of
// facebookresearch/augmentation-corruption: the centre is uniform over the pixels, the side uniform from 1 to width
// (at most the image's shorter side), the noise's bound uniform from 0 to noise, each value's noise uniform within the
// bound, and the sum is clipped to [0, 1].
type patchUniform struct {
	single
	width int // 0: the shorter side.
	noise float64
}

func (m patchUniform) NewViewer() Viewer { return m }

func (m patchUniform) View(dst []float32, _ int, src *pixel.Image, r *rng.Stream) {
	pixel.Float32s(dst, src)
	width := min(src.W, src.H)
	if m.width > 0 {
		width = min(width, m.width)
	}
	x, y, side := r.IntN(src.W), r.IntN(src.H), 1+r.IntN(width)
	bound := r.Uniform(0, m.noise)
	addNoise(dst, src.W, src.C, patch(x, y, side, src.W, src.H), func() float64 { return r.Uniform(-bound, bound) })
}

// patch is the square of the given side about (x, y), clipped.
func patch(x, y, side, w, h int) box {
	left, top := x-side/2, y-side/2
	return box{max(left, 0), max(top, 0), min(left+side, w), min(top+side, h)}
}

// addNoise adds a draw to each value of the box, row by row, and clips it.
func addNoise(dst []float32, w, c int, b box, draw func() float64) {
	for y := b.y0; y < b.y1; y++ {
		row := dst[(y*w+b.x0)*c : (y*w+b.x1)*c]
		for i, v := range row {
			row[i] = float32(min(max(float64(v)+draw(), 0), 1))
		}
	}
}
