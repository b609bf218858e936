package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// The variants of DenseNet, both of growth rate 12. DenseNetBC is the paper's (Huang et al. 2017, "Densely Connected
// Convolutional Networks", table 2): depth 100, bottlenecks, transitions that halve the channels. DenseNetReference is
// what google-research/augmix trains: depth 40, without either.
const (
	DenseNetBC        = "bc"
	DenseNetReference = "reference"
)

// DenseNetVariants lists them; the first is the default.
func DenseNetVariants() []string { return []string{DenseNetBC, DenseNetReference} }

const denseNetGrowth = 12

// denseNetDepth is the number of layers of a variant.
func denseNetDepth(variant string) int {
	if variant == DenseNetReference {
		return 40
	}
	return 100
}

// DenseNet is the densely connected network with the names of google-research/augmix
// (third_party/ResNeXt_DenseNet/models/densenet.py). Each layer appends its channels to those that it read.
type DenseNet struct {
	nn.Module
	Conv1  *nn.Conv2dModule
	Dense1 []*denseLayer
	Trans1 *denseTransition
	Dense2 []*denseLayer
	Trans2 *denseTransition
	Dense3 []*denseLayer
	BN1    *nn.BatchNorm2dModule
	FC     *nn.LinearModule
}

type denseLayer struct {
	nn.Module
	BN1   *nn.BatchNorm2dModule
	Conv1 *nn.Conv2dModule
	BN2   *nn.BatchNorm2dModule // Nil without a bottleneck, and so is Conv2.
	Conv2 *nn.Conv2dModule
}

type denseTransition struct {
	nn.Module
	BN1   *nn.BatchNorm2dModule
	Conv1 *nn.Conv2dModule
}

func newDenseNet(cfg Config) Body {
	bottleneck := cfg.DenseNetVariant != DenseNetReference
	channels := int64(2 * denseNetGrowth)
	d := &DenseNet{Conv1: conv(3, channels, 3, 1, 1)}
	block := func() (layers []*denseLayer) {
		layersEach := 3 // Convolutions that count for the depth, in the three blocks together.
		if bottleneck {
			layersEach = 6
		}
		for range (denseNetDepth(cfg.DenseNetVariant) - 4) / layersEach {
			layers = append(layers, newDenseLayer(channels, bottleneck))
			channels += denseNetGrowth
		}
		return layers
	}
	transition := func() *denseTransition {
		t := &denseTransition{BN1: batchNorm(channels)}
		out := channels
		if bottleneck {
			out /= 2
		}
		t.Conv1 = conv(channels, out, 1, 1, 0)
		t.Init(t)
		channels = out
		return t
	}
	d.Dense1 = block()
	d.Trans1 = transition()
	d.Dense2 = block()
	d.Trans2 = transition()
	d.Dense3 = block()
	d.BN1 = batchNorm(channels)
	d.FC = nn.Linear(channels, int64(cfg.Classes), true)
	d.Init(d)
	d.Apply(initFanOut)
	return d
}

func newDenseLayer(in int64, bottleneck bool) *denseLayer {
	l := &denseLayer{BN1: batchNorm(in)}
	if bottleneck {
		l.Conv1 = conv(in, 4*denseNetGrowth, 1, 1, 0)
		l.BN2 = batchNorm(4 * denseNetGrowth)
		l.Conv2 = conv(4*denseNetGrowth, denseNetGrowth, 3, 1, 1)
	} else {
		l.Conv1 = conv(in, denseNetGrowth, 3, 1, 1)
	}
	l.Init(l)
	return l
}

// forwardBlock returns the channels of x and those of all layers.
func forwardBlock(x torch.Tensor, layers []*denseLayer) torch.Tensor {
	for _, l := range layers {
		x = l.forward(x)
	}
	return x
}

func (l *denseLayer) forward(x torch.Tensor) torch.Tensor {
	out := l.Conv1.Forward(l.BN1.ForwardRelu(x))
	if l.Conv2 != nil {
		out = l.Conv2.Forward(l.BN2.ForwardRelu(out))
	}
	return torch.Cat([]torch.Tensor{x, out}, 1)
}

func (t *denseTransition) forward(x torch.Tensor) torch.Tensor {
	x = t.Conv1.Forward(t.BN1.ForwardRelu(x))
	return F.AvgPool2d(x, []int64{2, 2}, []int64{2, 2}, []int64{0, 0})
}

// Forward returns the logits [N, classes] of normalised images [N, 3, H, W].
func (d *DenseNet) Forward(x torch.Tensor) torch.Tensor {
	x = d.Conv1.Forward(x)
	x = d.Trans1.forward(forwardBlock(x, d.Dense1))
	x = d.Trans2.forward(forwardBlock(x, d.Dense2))
	x = d.BN1.ForwardRelu(forwardBlock(x, d.Dense3))
	return d.FC.Forward(x.MeanDims(false, 2, 3))
}
