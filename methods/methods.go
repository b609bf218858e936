// Package methods has the training methods, one a file: how a method views an image, what it does to a batch, and its
// loss. What a method does to single images happens on the workers' goroutines, with streams keyed by (seed, epoch,
// index, view); what it does to a batch happens in torch, with draws keyed by (seed, step).
//
// The AugMix paper compares itself with most of them and does not publish the settings that it used. The defaults here
// are each method's own, from its authors' code; where there is none either, the comment says "our choice".
package methods

import (
	"augmix/pixel"
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// Viewer writes one view of a flipped and cropped image, as data.Viewer asks. It is used by one goroutine.
type Viewer interface {
	// View writes view v of src to dst: H·W·C float32 pixels in [0, 1], NHWC.
	View(dst []float32, v int, src *pixel.Image, r *rng.Stream)
}

// Method is a way to train. A step calls Draw, then Batch, the network and Loss; from Batch on it reads no number back
// from a tensor, so that it can be captured as a CUDA graph.
type Method interface {
	// Views is how many rows of a batch each image has.
	Views() int
	// NewViewer returns a viewer for one goroutine.
	NewViewer() Viewer
	// Mixes tells whether the method has draws of a step.
	Mixes() bool
	// Draw writes the draws of a step on a batch of n images into d, if the method has any.
	Draw(d *Draws, n int, r *rng.Stream)
	// Batch returns the images [Views·N, C, H, W] that the network is trained on, and what its logits are compared with.
	Batch(b Batch) (torch.Tensor, Targets)
	// Loss returns the scalar to minimise, from float32 logits [Views·N, K], view-major.
	Loss(logits torch.Tensor, y Targets) torch.Tensor
}

// Batch is what a step begins with.
type Batch struct {
	Images torch.Tensor // [Views·N, C, H, W] float32 pixels in [0, 1], view-major; NHWC in memory.
	Labels torch.Tensor // [N] int64.
	Draws  *Draws
	// LabelSmoothing is the share of a label's weight that all classes get in equal parts, from 0 to below 1. It is of the
	// loss that is minimised, not of the one that an attack raises.
	LabelSmoothing float64
	Forward        func(x torch.Tensor) torch.Tensor // The network, in training: float32 logits of images like Images.
}

// Targets is what a batch's logits are compared with.
type Targets struct {
	Labels torch.Tensor // [N] int64.
	// Of batches that mix pairs of images; else undefined. Share is a 0-dim tensor, the weight of Labels; Others, the
	// labels of the images mixed in, has the rest.
	Others, Share torch.Tensor

	smoothing float64 // Batch.LabelSmoothing.
}

// targets are a batch's own labels.
func (b Batch) targets() Targets { return Targets{Labels: b.Labels, smoothing: b.LabelSmoothing} }

// crossEntropy is the mean cross-entropy of logits [N, K], with each of two labels at its weight. Smoothed labels are
// those of Szegedy et al. (CVPR 2016, section 7): 1 − ε of the weight on the label and ε/K on each of the K classes.
func (y Targets) crossEntropy(logits torch.Tensor) torch.Tensor {
	loss := F.CrossEntropy(logits, y.Labels, torch.Tensor{}, -100, "mean")
	if y.Others.Defined() {
		loss = blend(loss, F.CrossEntropy(logits, y.Others, torch.Tensor{}, -100, "mean"), y.Share)
	}
	if y.smoothing == 0 {
		return loss
	}
	uniform := logits.LogSoftmax(1).Mean()
	return torch.Sub(loss.MulScalar(1-y.smoothing), uniform, float32(y.smoothing))
}

// Wrong returns, as a 0-dim tensor, how many of the N images are classified wrongly by the first N rows of logits. A
// mixed image counts for each of its labels with the label's weight.
func (y Targets) Wrong(logits torch.Tensor) torch.Tensor {
	first := logits.Slice(0, 0, y.Labels.Shape()[0], 1)
	predicted := first.Argmax(1)
	wrong := predicted.Ne(y.Labels).Sum()
	if !y.Others.Defined() {
		return wrong
	}
	return blend(wrong, predicted.Ne(y.Others).Sum(), y.Share)
}

// blend returns share·a + (1 − share)·b.
func blend(a, b, share torch.Tensor) torch.Tensor {
	rest := share.MulScalar(-1).AddScalar(1)
	sum := torch.Mul(a, share)
	return sum.Add(torch.Mul(b, rest), 1)
}

// single is what methods have in common that train on one view of each image with the cross-entropy alone.
type single struct{}

func (single) Views() int { return 1 }

func (single) Mixes() bool { return false }

func (single) Draw(*Draws, int, *rng.Stream) {}

func (single) Batch(b Batch) (torch.Tensor, Targets) { return b.Images, b.targets() }

func (single) Loss(logits torch.Tensor, y Targets) torch.Tensor { return y.crossEntropy(logits) }
