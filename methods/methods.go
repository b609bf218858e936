// Package methods has the training methods, one a file: how a method views an image, and its loss.
package methods

import (
	"fmt"
	"strings"

	"augmix/augmix"
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

// Method is a way to train.
type Method interface {
	// Views is how many rows of a batch each image has.
	Views() int
	// NewViewer returns a viewer for one goroutine.
	NewViewer() Viewer
	// Loss returns the scalar to minimise, from float32 logits [Views·N, K], view-major, and labels [N].
	Loss(logits, labels torch.Tensor) torch.Tensor
}

// Config is what the flags say about a method.
type Config struct {
	Method    string
	Views     int // The clean one included.
	NoJSD     bool
	JSDWeight float64
	Mixing    augmix.Config
}

// Names lists the methods that New makes.
func Names() []string { return []string{"augmix", "standard"} }

// New returns a method. Its errors name the flag that is wrong.
func New(cfg Config) (Method, error) {
	switch cfg.Method {
	case "augmix":
		return newAugMix(cfg)
	case "standard":
		return standard{}, nil
	}
	return nil, fmt.Errorf("--method: unknown method %q; the methods are %s", cfg.Method, strings.Join(Names(), ", "))
}

// crossEntropy is the mean cross-entropy of logits [N, K] against labels [N].
func crossEntropy(logits, labels torch.Tensor) torch.Tensor {
	return F.CrossEntropy(logits, labels, torch.Tensor{}, -100, "mean")
}
