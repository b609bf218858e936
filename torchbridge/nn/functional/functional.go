// Package functional has the stateless parts of networks, as PyTorch's torch.nn.functional.
package functional

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/internal/aten"
)

// AdaptiveAvgPool2d averages windows chosen so that the output has the given height and width.
func AdaptiveAvgPool2d(input torch.Tensor, outputSize []int64) torch.Tensor {
	return torch.Tensor{T: aten.AdaptiveAvgPool2d(input.T, outputSize)}
}

// AvgPool2d averages windows of NCHW images.
func AvgPool2d(input torch.Tensor, kernelSize, stride, padding []int64) torch.Tensor {
	return torch.Tensor{T: aten.AvgPool2d(input.T, kernelSize, stride, padding)}
}

// BatchNorm normalises each channel of NCHW images; in training it uses the batch's statistics and moves the running
// ones by momentum. Every tensor but the input may be undefined.
func BatchNorm(input, runningMean, runningVar, weight, bias torch.Tensor, training bool, momentum, eps float64) torch.Tensor {
	return torch.Tensor{T: aten.BatchNorm(input.T, weight.T, bias.T, runningMean.T, runningVar.T, training, momentum, eps)}
}

// BatchNormRelu is BatchNorm followed by Relu: in training on float32 or bfloat16 channels_last activations of a CPU one
// operation.
func BatchNormRelu(input, runningMean, runningVar, weight, bias torch.Tensor, training bool, momentum, eps float64) torch.Tensor {
	return BatchNormAddRelu(input, torch.Tensor{}, runningMean, runningVar, weight, bias, training, momentum, eps)
}

// BatchNormAddRelu is the Relu of the sum of BatchNorm and residual, which may be undefined: one operation where
// BatchNormRelu is.
func BatchNormAddRelu(input, residual, runningMean, runningVar, weight, bias torch.Tensor, training bool, momentum, eps float64) torch.Tensor {
	return torch.Tensor{T: aten.BatchNormAct(input.T, residual.T, weight.T, bias.T, runningMean.T, runningVar.T, training,
		momentum, eps, aten.ActivationRelu)}
}

// BatchNormQuickGELU is BatchNorm followed by x·σ(1.702·x), which Hendrycks and Gimpel (2016, "Gaussian Error Linear
// Units", section 2) give for the Gaussian error linear unit: one operation where BatchNormRelu is.
func BatchNormQuickGELU(input, runningMean, runningVar, weight, bias torch.Tensor, training bool, momentum, eps float64) torch.Tensor {
	return torch.Tensor{T: aten.BatchNormAct(input.T, nil, weight.T, bias.T, runningMean.T, runningVar.T, training, momentum,
		eps, aten.ActivationQuickGELU)}
}

// Conv2d convolves NCHW images with weights [out, in/groups, h, w]; the bias may be undefined.
func Conv2d(input, weight, bias torch.Tensor, stride, padding, dilation []int64, groups int64) torch.Tensor {
	return torch.Tensor{T: aten.Conv2d(input.T, weight.T, bias.T, stride, padding, dilation, groups)}
}

// CrossEntropy returns the cross-entropy of logits [N, K] against class indices [N]. The reduction is "none", "mean" or
// "sum"; the class weights may be undefined.
func CrossEntropy(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.Tensor{T: aten.CrossEntropy(input.T, target.T, weight.T, reductionOf(reduction), ignoreIndex)}
}

// NllLoss returns the negative log-likelihood of log-probabilities [N, K] at class indices [N].
func NllLoss(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.Tensor{T: aten.NllLoss(input.T, target.T, weight.T, reductionOf(reduction), ignoreIndex)}
}

func reductionOf(name string) int {
	switch name {
	case "none":
		return aten.ReductionNone
	case "mean":
		return aten.ReductionMean
	case "sum":
		return aten.ReductionSum
	}
	panic(&torch.Error{Op: "loss", Msg: "the reduction is none, mean or sum, not " + name})
}

// Dropout zeroes elements with probability p in training and scales the others by 1/(1−p). The draws come from
// libtorch's default generator, which torch.Seed seeds.
func Dropout(input torch.Tensor, p float64, training bool) torch.Tensor {
	return torch.Tensor{T: aten.Dropout(input.T, p, training)}
}

// LeakyRelu returns input where it is positive, else negativeSlope times it.
func LeakyRelu(input torch.Tensor, negativeSlope float64, inplace bool) torch.Tensor {
	out := torch.LeakyRelu(input, negativeSlope)
	if inplace {
		input.Copy(out)
		return input
	}
	return out
}

// Linear returns input·weightᵀ + bias; the bias may be undefined.
func Linear(input, weight, bias torch.Tensor) torch.Tensor {
	return torch.Tensor{T: aten.Linear(input.T, weight.T, bias.T)}
}

// LogSoftmax returns the logarithm of the softmax along dim.
func LogSoftmax(input torch.Tensor, dim int64) torch.Tensor { return torch.LogSoftmax(input, dim) }

// MaxPool2d takes the largest of each window of NCHW images.
func MaxPool2d(input torch.Tensor, kernelSize, stride, padding, dilation []int64, ceilMode bool) torch.Tensor {
	return torch.Tensor{T: aten.MaxPool2d(input.T, kernelSize, stride, padding, dilation, ceilMode)}
}

// ReflectionPad2d adds rows and columns around NCHW images that mirror those beside the border; pads are left, right, top
// and bottom. It panics with a *torch.Error for a pad that is not smaller than the image.
func ReflectionPad2d(input torch.Tensor, pads []int64) torch.Tensor {
	return torch.Tensor{T: aten.ReflectionPad2d(input.T, pads)}
}

// Relu returns max(input, 0).
func Relu(input torch.Tensor, inplace bool) torch.Tensor {
	if inplace {
		return torch.Tensor{T: aten.ReluI(input.T)}
	}
	return torch.Relu(input)
}
