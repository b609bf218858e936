package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// AllConv is the all-convolutional network of Springenberg et al. (2014) as google-research/augmix has it
// (models/cifar/allconv.py): convolutions with a bias, each followed by batch normalisation and x·σ(1.702·x), dropout of
// a half after each max-pooling.
type AllConv struct {
	nn.Module
	Features   []nn.IModule // As the reference's Sequential numbers them; nil where a layer has no parameters.
	Classifier *nn.LinearModule
}

// allConvWindow is the reference's average pooling.
const allConvWindow = 8

// maxPoolDropout is max-pooling of 2×2 and dropout of a half.
type maxPoolDropout struct {
	nn.Module
	rate float64
}

func newAllConv(cfg Config) Body {
	a := &AllConv{}
	in := int64(3)
	add := func(out, kernel, padding int64) {
		a.Features = append(a.Features, nn.Conv2d(in, out, kernel, 1, padding, 1, 1, true, "zeros"), batchNorm(out), nil)
		in = out
	}
	for _, width := range []int64{96, 192} {
		for range 3 {
			add(width, 3, 1)
		}
		pool := &maxPoolDropout{rate: 0.5}
		pool.Init(pool)
		a.Features = append(a.Features, pool, nil)
	}
	add(in, 3, 0)
	// The padding around these 1×1 kernels is the reference's: 6×6 pixels become 8×8 and then 10×10.
	add(in, 1, 1)
	add(in, 1, 1)
	a.Classifier = nn.Linear(in, int64(cfg.Classes), true)
	a.Init(a)
	a.Apply(initFanOut)
	return a
}

// Forward returns the logits [N, classes] of normalised images [N, 3, 32, 32].
func (a *AllConv) Forward(x torch.Tensor) torch.Tensor {
	for _, m := range a.Features {
		switch m := m.(type) {
		case *nn.Conv2dModule:
			x = m.Forward(x)
		case *nn.BatchNorm2dModule:
			x = m.ForwardQuickGELU(x)
		case *maxPoolDropout:
			x = m.forward(x)
		}
	}
	// Of the 10×10 pixels the reference's pooling reads the first 8 rows and columns.
	window := []int64{allConvWindow, allConvWindow}
	x = F.AvgPool2d(x, window, window, []int64{0, 0})
	return a.Classifier.Forward(torch.Flatten(x, 1, -1))
}

func (m *maxPoolDropout) forward(x torch.Tensor) torch.Tensor {
	two := []int64{2, 2}
	x = F.MaxPool2d(x, two, two, []int64{0, 0}, []int64{1, 1}, false)
	return F.Dropout(x, m.rate, m.IsTraining())
}
