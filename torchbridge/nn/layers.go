package nn

import (
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
	return F.Conv2d(x, c.Weight, c.Bias, []int64{c.Stride, c.Stride}, []int64{c.Padding, c.Padding},
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

// Forward normalises x of shape [N, NumFeatures, H, W]: by the batch's statistics in training or where no running ones
// are kept, else by the running ones.
func (b *BatchNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return F.BatchNorm(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.IsTraining() || !b.TrackRunningStats,
		b.Momentum, b.Eps)
}

// ForwardRelu is Forward followed by ReLU, as one operation where there is one.
func (b *BatchNorm2dModule) ForwardRelu(x torch.Tensor) torch.Tensor {
	return F.BatchNormRelu(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.IsTraining() || !b.TrackRunningStats,
		b.Momentum, b.Eps)
}

// ForwardAddRelu is the ReLU of the sum of Forward and residual.
func (b *BatchNorm2dModule) ForwardAddRelu(x, residual torch.Tensor) torch.Tensor {
	return F.BatchNormAddRelu(x, residual, b.RunningMean, b.RunningVar, b.Weight, b.Bias,
		b.IsTraining() || !b.TrackRunningStats, b.Momentum, b.Eps)
}

// ForwardQuickGELU is Forward followed by x·σ(1.702·x).
func (b *BatchNorm2dModule) ForwardQuickGELU(x torch.Tensor) torch.Tensor {
	return F.BatchNormQuickGELU(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias, b.IsTraining() || !b.TrackRunningStats,
		b.Momentum, b.Eps)
}

// LinearModule is a fully connected layer.
type LinearModule struct {
	Module
	InFeatures, OutFeatures int64
	Weight                  torch.Tensor // [OutFeatures, InFeatures]
	Bias                    torch.Tensor // [OutFeatures], or undefined.
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
func (l *LinearModule) Forward(x torch.Tensor) torch.Tensor { return F.Linear(x, l.Weight, l.Bias) }
