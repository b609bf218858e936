package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// VisionResNet is the residual network for ImageNet of He et al. (2015) as torchvision has it (models/resnet.py): the
// stride of a bottleneck is that of its 3×3 convolution, and the last batch normalisation of a block begins with 1. With
// MaxBlurPool it is antialiased_cnns' (resnet.py, pool_only), whose names it then has.
type VisionResNet struct {
	nn.Module
	Conv1   *nn.Conv2dModule
	BN1     *nn.BatchNorm2dModule
	MaxPool layer `gotorch:"maxpool"`
	Layer1  []*visionBlock
	Layer2  []*visionBlock
	Layer3  []*visionBlock
	Layer4  []*visionBlock
	FC      *nn.LinearModule
}

// visionBlock has two 3×3 convolutions, or is a bottleneck of 1×1, 3×3 and 1×1.
type visionBlock struct {
	nn.Module
	Conv1      *nn.Conv2dModule
	BN1        *nn.BatchNorm2dModule
	Conv2      layer // A convolution, after a blur where that has the stride.
	BN2        *nn.BatchNorm2dModule
	Conv3      layer // Nil but in a bottleneck, and so is BN3.
	BN3        *nn.BatchNorm2dModule
	Downsample *chain // Nil where the shape stays the same.
}

// newVisionResNet returns a builder of the network with so many blocks in its four stages.
func newVisionResNet(bottleneck bool, blocks [4]int) func(Config) Body {
	return func(cfg Config) Body {
		blur := cfg.Pool == PoolMaxBlur
		r := &VisionResNet{Conv1: conv(3, 64, 7, 2, 3), BN1: batchNorm(64), MaxPool: newMaxPool(3, 2, 1)}
		if blur {
			// The library's window is 2×2 here, where torchvision's is 3×3.
			r.MaxPool = newChain(newMaxPool(2, 1, 0), newBlurPool(64))
		}
		in := int64(64)
		stage := func(i int) (out []*visionBlock) {
			planes, stride := int64(64)<<i, int64(min(i, 1)+1)
			for range blocks[i] {
				var b *visionBlock
				if bottleneck {
					b = newBottleneck(in, planes, stride, blur)
					in = 4 * planes
				} else {
					b = newBasicBlock(in, planes, stride, blur)
					in = planes
				}
				out = append(out, b)
				stride = 1
			}
			return out
		}
		r.Layer1, r.Layer2, r.Layer3, r.Layer4 = stage(0), stage(1), stage(2), stage(3)
		r.FC = nn.Linear(in, int64(cfg.Classes), true)
		r.Init(r)
		r.Apply(initVision)
		return r
	}
}

// initVision is Kaiming's normal initialisation by the outputs; the head keeps PyTorch's default (resnet.py,
// ResNet.__init__).
func initVision(m nn.IModule) {
	if m, ok := m.(*nn.Conv2dModule); ok {
		initializer.KaimingNormal(&m.Weight, 0, "fan_out", "relu")
	}
}

func newBasicBlock(in, planes, stride int64, blur bool) *visionBlock {
	b := &visionBlock{Conv1: conv(in, planes, 3, stride, 1), BN1: batchNorm(planes), BN2: batchNorm(planes)}
	second := conv(planes, planes, 3, 1, 1)
	b.Conv2 = second
	if blur && stride == 2 {
		b.Conv1 = conv(in, planes, 3, 1, 1)
		b.Conv2 = newChain(newBlurPool(planes), second)
	}
	b.Downsample = newDownsample(in, planes, stride, blur)
	b.Init(b)
	return b
}

func newBottleneck(in, planes, stride int64, blur bool) *visionBlock {
	b := &visionBlock{Conv1: conv(in, planes, 1, 1, 0), BN1: batchNorm(planes), BN2: batchNorm(planes), BN3: batchNorm(4 * planes)}
	last := conv(planes, 4*planes, 1, 1, 0)
	b.Conv2, b.Conv3 = conv(planes, planes, 3, stride, 1), last
	if blur && stride == 2 {
		b.Conv2 = conv(planes, planes, 3, 1, 1)
		b.Conv3 = newChain(newBlurPool(planes), last)
	}
	b.Downsample = newDownsample(in, 4*planes, stride, blur)
	b.Init(b)
	return b
}

// newDownsample returns the projection of a block, nil where it needs none.
func newDownsample(in, out, stride int64, blur bool) *chain {
	switch {
	case stride == 1 && in == out:
		return nil
	case stride == 2 && blur:
		return newChain(newBlurPool(in), conv(in, out, 1, 1, 0), batchNorm(out))
	default:
		return newChain(conv(in, out, 1, stride, 0), batchNorm(out))
	}
}

func (b *visionBlock) forward(x torch.Tensor) torch.Tensor {
	out := b.BN1.ForwardRelu(b.Conv1.Forward(x))
	out = b.Conv2.Forward(out)
	if b.Conv3 == nil {
		return b.BN2.ForwardAddRelu(out, b.Downsample.shortcut(x))
	}
	out = b.Conv3.Forward(b.BN2.ForwardRelu(out))
	return b.BN3.ForwardAddRelu(out, b.Downsample.shortcut(x))
}

// Forward returns the logits [N, classes] of normalised images [N, 3, H, W] of at least 32×32 pixels.
func (r *VisionResNet) Forward(x torch.Tensor) torch.Tensor {
	x = r.MaxPool.Forward(r.BN1.ForwardRelu(r.Conv1.Forward(x)))
	for _, stage := range [][]*visionBlock{r.Layer1, r.Layer2, r.Layer3, r.Layer4} {
		for _, b := range stage {
			x = b.forward(x)
		}
	}
	return r.FC.Forward(x.MeanDims(false, 2, 3))
}
