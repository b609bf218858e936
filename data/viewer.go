package data

import (
	"augmix/pixel"
	"augmix/rng"
)

// Viewer turns one image (already flipped and cropped) into the views that a
// training method asks for. A pipeline makes one per worker, so a Viewer may hold
// scratch memory.
type Viewer interface {
	// View writes view number view of src into dst: H×W×C float32 in [0,1].
	// View 0's stream has already given the draws of flip and crop.
	View(dst []float32, view int, src *pixel.Image, r *rng.Stream)
}

// Plain is the Viewer of evaluation: every view is the image itself.
type Plain struct{}

// View writes src/255, rounded to float32 as torchvision's ToTensor does.
func (Plain) View(dst []float32, _ int, src *pixel.Image, _ *rng.Stream) {
	pixel.Float32s(dst, src)
}

// cropPad is the zero padding of the random crop: torchvision's
// RandomCrop(32, padding=4) in the reference's cifar.py.
const cropPad = 4

// flipCrop is the reference's standard pre-processing on the 8-bit image: a
// horizontal flip with probability one half, then a crop of the original size
// from the image padded with zeros. It writes dst, uses tmp, and draws three
// numbers whatever they say.
func flipCrop(dst, tmp, src *pixel.Image, r *rng.Stream) {
	flip := r.Bool()
	top := r.IntN(2*cropPad+1) - cropPad
	left := r.IntN(2*cropPad+1) - cropPad
	if flip {
		pixel.FlipH(tmp, src)
		src = tmp
	}
	pixel.Crop(dst, src, left, top)
}
