package nn

import (
	"fmt"
	"math"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// Conv2dModule convolves NCHW images.
type Conv2dModule struct {
	Module
	InChannels, OutChannels   int64
	KernelSize                int64
	Stride, Padding, Dilation int64
	Groups                    int64
	PaddingMode               string
	Weight                    torch.Tensor // [OutChannels, InChannels/Groups, KernelSize, KernelSize]
	Bias                      torch.Tensor // [OutChannels], or undefined.

	copies *copies
}

// Conv2d returns a convolution with PyTorch's default initialisation. Only the padding mode "zeros" is known; it panics
// with a *torch.Error for others.
func Conv2d(inChannels, outChannels, kernelSize, stride, padding, dilation, groups int64, bias bool, paddingMode string) *Conv2dModule {
	if paddingMode != "zeros" {
		panic(&torch.Error{Op: "conv2d", Msg: "unknown padding mode " + paddingMode})
	}
	c := &Conv2dModule{
		InChannels: inChannels, OutChannels: outChannels, KernelSize: kernelSize, Stride: stride, Padding: padding,
		Dilation: dilation, Groups: groups, PaddingMode: paddingMode,
		Weight: torch.Empty([]int64{outChannels, inChannels / groups, kernelSize, kernelSize}, true),
	}
	c.Init(c)
	initializer.KaimingUniform(&c.Weight, math.Sqrt(5), "fan_in", "leaky_relu")
	if bias {
		c.Bias = torch.Empty([]int64{outChannels}, true)
		uniformBias(&c.Bias, c.Weight)
	}
	return c
}

// uniformBias draws a bias from ±1/√fan_in, PyTorch's default.
func uniformBias(bias *torch.Tensor, weight torch.Tensor) {
	fanIn, _ := initializer.CalculateFanInAndFanOut(weight)
	bound := 1 / math.Sqrt(float64(fanIn))
	initializer.Uniform(bias, -bound, bound)
}

// Forward convolves x of shape [N, InChannels, H, W].
func (c *Conv2dModule) Forward(x torch.Tensor) torch.Tensor {
	weight, bias := c.copies.choose(x, c.Weight, c.Bias)
	return F.Conv2d(x, weight, bias, []int64{c.Stride, c.Stride}, []int64{c.Padding, c.Padding},
		[]int64{c.Dilation, c.Dilation}, c.Groups)
}

// BatchNorm2dModule normalises each channel. It has no num_batches_tracked of its own: a network counts its steps once.
type BatchNorm2dModule struct {
	Module
	NumFeatures       int64
	Eps, Momentum     float64
	Affine            bool
	TrackRunningStats bool
	Weight            torch.Tensor
	Bias              torch.Tensor
	RunningMean       torch.Tensor `gotorch:"buffer"`
	RunningVar        torch.Tensor `gotorch:"buffer"`
	// AuxBN has the other parts' normalisations after Split; else it is empty.
	AuxBN []*BatchNorm2dModule

	byAll Normalizer // Nil where the batch is this process's alone.
}

// Normalizer normalises x by the batch's statistics, as F.BatchNorm does in training.
type Normalizer func(x, runningMean, runningVar, weight, bias torch.Tensor, momentum, eps float64) torch.Tensor

// NormalizeBy makes every batch normalisation of m use f in training, which knows the parts of the batch that other
// processes have.
func NormalizeBy(m IModule, f Normalizer) {
	m.Apply(func(m IModule) {
		if b, ok := m.(*BatchNorm2dModule); ok {
			b.byAll = f
		}
	})
}

// normalize is the normalisation of x by the batches of all processes, if there are others; ok is false if not.
func (b *BatchNorm2dModule) normalize(x torch.Tensor) (y torch.Tensor, ok bool) {
	if b.byAll == nil || !b.IsTraining() {
		return y, false
	}
	return b.byAll(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.Momentum, b.Eps), true
}

// BatchNorm2d returns a normalisation with weight 1, bias 0 and running statistics 0 and 1.
func BatchNorm2d(numFeatures int64, eps, momentum float64, affine, trackRunningStats bool) *BatchNorm2dModule {
	b := &BatchNorm2dModule{
		NumFeatures: numFeatures, Eps: eps, Momentum: momentum, Affine: affine, TrackRunningStats: trackRunningStats,
	}
	b.Init(b)
	shape := []int64{numFeatures}
	if affine {
		b.Weight = torch.Ones(shape, true)
		b.Bias = torch.Zeros(shape, true)
	}
	if trackRunningStats {
		b.RunningMean = torch.Zeros(shape, false)
		b.RunningVar = torch.Ones(shape, false)
	}
	return b
}

// Split divides every batch into n equal parts in training, each with a normalisation of its own: the first part has this
// one, the others those of AuxBN, which begin as copies of it. In evaluation this one normalises everything (timm's
// SplitBatchNorm2d, whose names the tensors have). The new tensors belong to the current scope.
func (b *BatchNorm2dModule) Split(n int) {
	b.AuxBN = nil
	for range n - 1 {
		aux := BatchNorm2d(b.NumFeatures, b.Eps, b.Momentum, b.Affine, b.TrackRunningStats)
		torch.NoGrad(func() {
			theirs := aux.NamedTensors()
			for i, own := range b.NamedTensors()[:len(theirs)] {
				theirs[i].Tensor.Copy(own.Tensor)
			}
		})
		b.AuxBN = append(b.AuxBN, aux)
	}
}

// Forward normalises x of shape [N, NumFeatures, H, W]: by the batch's statistics in training or where no running ones
// are kept, else by the running ones.
func (b *BatchNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return b.parts(x, func(b *BatchNorm2dModule, rows slicer) torch.Tensor {
		if y, ok := b.normalize(rows(x)); ok {
			return y
		}
		return F.BatchNorm(rows(x), b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.byBatch(), b.Momentum, b.Eps)
	})
}

// ForwardRelu is Forward followed by ReLU, as one operation where there is one.
func (b *BatchNorm2dModule) ForwardRelu(x torch.Tensor) torch.Tensor {
	return b.parts(x, func(b *BatchNorm2dModule, rows slicer) torch.Tensor {
		if y, ok := b.normalize(rows(x)); ok {
			return F.Relu(y, false)
		}
		return F.BatchNormRelu(rows(x), b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.byBatch(), b.Momentum, b.Eps)
	})
}

// ForwardAddRelu is the ReLU of the sum of Forward and residual.
func (b *BatchNorm2dModule) ForwardAddRelu(x, residual torch.Tensor) torch.Tensor {
	return b.parts(x, func(b *BatchNorm2dModule, rows slicer) torch.Tensor {
		if y, ok := b.normalize(rows(x)); ok {
			return F.Relu(torch.Add(y, rows(residual), 1), false)
		}
		return F.BatchNormAddRelu(rows(x), rows(residual), b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.byBatch(), b.Momentum, b.Eps)
	})
}

// ForwardQuickGELU is Forward followed by x·σ(1.702·x).
func (b *BatchNorm2dModule) ForwardQuickGELU(x torch.Tensor) torch.Tensor {
	return b.parts(x, func(b *BatchNorm2dModule, rows slicer) torch.Tensor {
		if y, ok := b.normalize(rows(x)); ok {
			return torch.Mul(y, y.MulScalar(1.702).Sigmoid())
		}
		return F.BatchNormQuickGELU(rows(x), b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.byBatch(), b.Momentum, b.Eps)
	})
}

// byBatch tells whether the batch's own statistics are used.
func (b *BatchNorm2dModule) byBatch() bool { return b.IsTraining() || !b.TrackRunningStats }

// slicer returns the rows of a batch that belong to one of its parts.
type slicer func(torch.Tensor) torch.Tensor

// parts applies an operation to the parts of the batch x, one unless it is split, each with its own normalisation. It
// panics with a *torch.Error where the batch cannot be divided equally.
func (b *BatchNorm2dModule) parts(x torch.Tensor, op func(*BatchNorm2dModule, slicer) torch.Tensor) torch.Tensor {
	if len(b.AuxBN) == 0 || !b.IsTraining() {
		return op(b, func(t torch.Tensor) torch.Tensor { return t })
	}
	rows, n := x.Shape()[0], int64(len(b.AuxBN)+1)
	if rows%n != 0 {
		panic(&torch.Error{Op: "batch_norm", Msg: fmt.Sprintf("a batch of %d cannot be split into %d equal parts", rows, n)})
	}
	var out []torch.Tensor
	for i, part := range append([]*BatchNorm2dModule{b}, b.AuxBN...) {
		first := int64(i) * rows / n
		out = append(out, op(part, func(t torch.Tensor) torch.Tensor { return t.Slice(0, first, first+rows/n, 1) }))
	}
	return torch.Cat(out, 0)
}

// LinearModule is a fully connected layer.
type LinearModule struct {
	Module
	InFeatures, OutFeatures int64
	Weight                  torch.Tensor // [OutFeatures, InFeatures]
	Bias                    torch.Tensor // [OutFeatures], or undefined.

	copies *copies
}

// Linear returns a fully connected layer with PyTorch's default initialisation.
func Linear(in, out int64, bias bool) *LinearModule {
	l := &LinearModule{InFeatures: in, OutFeatures: out, Weight: torch.Empty([]int64{out, in}, true)}
	l.Init(l)
	initializer.KaimingUniform(&l.Weight, math.Sqrt(5), "fan_in", "leaky_relu")
	if bias {
		l.Bias = torch.Empty([]int64{out}, true)
		uniformBias(&l.Bias, l.Weight)
	}
	return l
}

// Forward returns x·Weightᵀ + Bias.
func (l *LinearModule) Forward(x torch.Tensor) torch.Tensor {
	weight, bias := l.copies.choose(x, l.Weight, l.Bias)
	return F.Linear(x, weight, bias)
}
