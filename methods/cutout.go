package methods

import (
	"augmix/pixel"
	"augmix/rng"
)

// cutout covers a square of each image with the mean colour (DeVries and Taylor, 2017, as in uoguelph-mlrg/Cutout,
// util/cutout.py): its centre is uniform over the pixels, it reaches length/2 rounded down to each side, and what
// leaves the image is cut off. The original writes 0 after normalisation, which is the normalisation's mean before.
type cutout struct {
	single
	length int
	fill   [3]float32
}

// cutoutLength is the authors' length for a dataset: 16 for CIFAR-10 and 8 for CIFAR-100. For other images there is
// none; half of the side is our choice, and written as 0. The AugMix paper's is not known.
func cutoutLength(dataset string) int {
	switch dataset {
	case "cifar10", "shapes":
		return 16
	case "cifar100":
		return 8
	}
	return 0
}

func (m cutout) NewViewer() Viewer { return m }

func (m cutout) View(dst []float32, _ int, src *pixel.Image, r *rng.Stream) {
	pixel.Float32s(dst, src)
	y, x := r.IntN(src.H), r.IntN(src.W)
	m.cover(dst, src.W, src.H, src.C, x, y)
}

// cover writes the mean over the square about (x, y).
func (m cutout) cover(dst []float32, w, h, c, x, y int) {
	length := m.length
	if length == 0 {
		length = min(w, h) / 2
	}
	b := around(x, y, length/2, length/2, w, h)
	for y := b.y0; y < b.y1; y++ {
		row := dst[(y*w+b.x0)*c : (y*w+b.x1)*c]
		for i := range row {
			row[i] = m.fill[i%c]
		}
	}
}
