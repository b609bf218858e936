package methods

import (
	"augmix/pixel"
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// standard trains on flipped and cropped images with the cross-entropy alone.
type standard struct{}

func (standard) Views() int        { return 1 }
func (standard) NewViewer() Viewer { return cleanViewer{} }

func (standard) Loss(logits, labels torch.Tensor) torch.Tensor { return crossEntropy(logits, labels) }

// cleanViewer shows the image as it is.
type cleanViewer struct{}

func (cleanViewer) View(dst []float32, _ int, src *pixel.Image, _ *rng.Stream) {
	pixel.Float32s(dst, src)
}
