package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// ResNet is the residual network for CIFAR of He et al. (2015), section 4.2, with shortcuts of option A, as
// akamaster/pytorch_resnet_cifar10 has it (resnet.py): 16, 32 and 64 channels.
type ResNet struct {
	nn.Module
	Conv1  *nn.Conv2dModule
	BN1    *nn.BatchNorm2dModule
	Layer1 []*resBlock
	Layer2 []*resBlock
	Layer3 []*resBlock
	Linear *nn.LinearModule
}

type resBlock struct {
	nn.Module
	Conv1 *nn.Conv2dModule
	BN1   *nn.BatchNorm2dModule
	Conv2 *nn.Conv2dModule
	BN2   *nn.BatchNorm2dModule

	planes  int64
	reduces bool // The block halves the image and doubles the channels.
}

// newResNet returns a builder of the network with n blocks in each of its three stages, 6n+2 layers.
func newResNet(n int) func(Config) Body {
	return func(cfg Config) Body {
		r := &ResNet{
			Conv1:  conv(3, 16, 3, 1, 1),
			BN1:    batchNorm(16),
			Layer1: newResStage(n, 16, 16),
			Layer2: newResStage(n, 16, 32),
			Layer3: newResStage(n, 32, 64),
			Linear: nn.Linear(64, int64(cfg.Classes), true),
		}
		r.Init(r)
		r.Apply(initResNet)
		return r
	}
}

// initResNet is Kaiming's normal initialisation for convolutions and the head (resnet.py, _weights_init).
func initResNet(m nn.IModule) {
	switch m := m.(type) {
	case *nn.Conv2dModule:
		initializer.KaimingNormal(&m.Weight, 0, "fan_in", "leaky_relu")
	case *nn.LinearModule:
		initializer.KaimingNormal(&m.Weight, 0, "fan_in", "leaky_relu")
	}
}

func newResStage(n int, in, out int64) []*resBlock {
	var blocks []*resBlock
	for range n {
		b := &resBlock{planes: out, reduces: in != out}
		stride := int64(1)
		if b.reduces {
			stride = 2
		}
		b.Conv1, b.BN1 = conv(in, out, 3, stride, 1), batchNorm(out)
		b.Conv2, b.BN2 = conv(out, out, 3, 1, 1), batchNorm(out)
		b.Init(b)
		blocks = append(blocks, b)
		in = out
	}
	return blocks
}

func (b *resBlock) forward(x torch.Tensor) torch.Tensor {
	out := b.BN1.ForwardRelu(b.Conv1.Forward(x))
	out = b.BN2.Forward(b.Conv2.Forward(out))
	return F.Relu(out.AddI(b.shortcut(x), 1), true)
}

// shortcut is option A: every second row and column, and zero channels on both sides.
func (b *resBlock) shortcut(x torch.Tensor) torch.Tensor {
	if !b.reduces {
		return x
	}
	shape := x.Shape()
	x = x.Slice(2, 0, shape[2], 2)
	x = x.Slice(3, 0, shape[3], 2)
	return x.Pad(0, 0, 0, 0, b.planes/4, b.planes/4)
}

// Forward returns the logits [N, classes] of normalised images [N, 3, H, W].
func (r *ResNet) Forward(x torch.Tensor) torch.Tensor {
	x = r.BN1.ForwardRelu(r.Conv1.Forward(x))
	for _, stage := range [][]*resBlock{r.Layer1, r.Layer2, r.Layer3} {
		for _, b := range stage {
			x = b.forward(x)
		}
	}
	return r.Linear.Forward(x.MeanDims(false, 2, 3))
}
