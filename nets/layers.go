package nets

import (
	"math"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// PyTorch's defaults for batch normalisation.
const (
	bnEps      = 1e-5
	bnMomentum = 0.1
)

func conv(in, out, kernel, stride, padding int64) *nn.Conv2dModule {
	return nn.Conv2d(in, out, kernel, stride, padding, 1, 1, false, "zeros")
}

func batchNorm(features int64) *nn.BatchNorm2dModule {
	return nn.BatchNorm2d(features, bnEps, bnMomentum, true, true)
}

// initFanOut is the initialisation of all of google-research/augmix's CIFAR networks: convolutions from
// N(0, 2/(k²·C_out)), whatever their groups, and the bias of the head zero. Batch normalisation keeps 1 and 0, the biases
// of convolutions and the head's weight PyTorch's default.
func initFanOut(m nn.IModule) {
	switch m := m.(type) {
	case *nn.Conv2dModule:
		initializer.Normal(&m.Weight, 0, math.Sqrt(2/float64(m.KernelSize*m.KernelSize*m.OutChannels)))
	case *nn.LinearModule:
		initializer.Zeros(&m.Bias)
	}
}

// layer is a module that makes a tensor of a tensor.
type layer interface {
	nn.IModule
	Forward(x torch.Tensor) torch.Tensor
}

// chain is PyTorch's Sequential: its layers are named by their numbers.
type chain struct {
	nn.Module
	Layers []layer `gotorch:"-"`
}

func newChain(layers ...layer) *chain {
	c := &chain{Layers: layers}
	c.Init(c)
	return c
}

// Forward feeds x to each layer in turn.
func (c *chain) Forward(x torch.Tensor) torch.Tensor {
	for _, l := range c.Layers {
		x = l.Forward(x)
	}
	return x
}

// shortcut is Forward of a residual block's projection, and x itself where the block has none.
func (c *chain) shortcut(x torch.Tensor) torch.Tensor {
	if c == nil {
		return x
	}
	return c.Forward(x)
}
