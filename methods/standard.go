package methods

import (
	"augmix/pixel"
	"augmix/rng"
)

// standard trains on flipped and cropped images with the cross-entropy alone.
type standard struct{ single }

func (standard) NewViewer() Viewer { return cleanViewer{} }

// cleanViewer shows the image as it is.
type cleanViewer struct{}

func (cleanViewer) View(dst []float32, _ int, src *pixel.Image, _ *rng.Stream) {
	pixel.Float32s(dst, src)
}
