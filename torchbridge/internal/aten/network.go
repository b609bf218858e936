package aten

// #include "bridge.h"
import "C"

// Conv2d convolves NCHW images with OIHW weights.
func Conv2d(x, weight, bias T, stride, padding, dilation []int64, groups int64) T {
	const op = "conv2d"
	return one(op, C.tb_conv2d(must(op, x), must(op, weight), p(bias), pair(op, stride), pair(op, padding),
		pair(op, dilation), C.int64_t(groups)), x, weight, bias)
}

// BatchNorm normalises each channel; in training it uses the batch's statistics and updates mean and variance in place.
func BatchNorm(x, weight, bias, mean, variance T, training bool, momentum, eps float64) T {
	const op = "batch_norm"
	return one(op, C.tb_batch_norm(must(op, x), p(weight), p(bias), p(mean), p(variance), C.bool(training),
		C.double(momentum), C.double(eps)), x, weight, bias, mean, variance)
}

// Activation numbers of BatchNormAct.
const (
	ActivationRelu = iota
	ActivationQuickGELU
)

// BatchNormAct is BatchNorm followed by an activation. Before a ReLU the residual is added, if it is defined.
func BatchNormAct(x, residual, weight, bias, mean, variance T, training bool, momentum, eps float64, activation int) T {
	const op = "batch_norm_act"
	return one(op, C.tb_batch_norm_act(must(op, x), p(residual), p(weight), p(bias), p(mean), p(variance),
		C.bool(training), C.double(momentum), C.double(eps), C.int(activation)), x, residual, weight, bias, mean, variance)
}

// Linear returns x·weightᵀ + bias.
func Linear(x, weight, bias T) T {
	return one("linear", C.tb_linear(must("linear", x), must("linear", weight), p(bias)), x, weight, bias)
}

// AvgPool2d averages windows.
func AvgPool2d(x T, kernel, stride, padding []int64) T {
	const op = "avg_pool2d"
	return one(op, C.tb_avg_pool2d(must(op, x), pair(op, kernel), pair(op, stride), pair(op, padding)), x)
}

// AdaptiveAvgPool2d averages windows chosen so that the output has the given size.
func AdaptiveAvgPool2d(x T, size []int64) T {
	const op = "adaptive_avg_pool2d"
	return one(op, C.tb_adaptive_avg_pool2d(must(op, x), pair(op, size)), x)
}

// MaxPool2d takes the largest of each window.
func MaxPool2d(x T, kernel, stride, padding, dilation []int64, ceil bool) T {
	const op = "max_pool2d"
	return one(op, C.tb_max_pool2d(must(op, x), pair(op, kernel), pair(op, stride), pair(op, padding),
		pair(op, dilation), C.bool(ceil)), x)
}

// Dropout zeroes elements with probability prob in training and scales the others by 1/(1−prob).
func Dropout(x T, prob float64, training bool) T {
	return one("dropout", C.tb_dropout(must("dropout", x), C.double(prob), C.bool(training)), x)
}

// Reduction numbers of losses (at::Reduction).
const (
	ReductionNone = iota
	ReductionMean
	ReductionSum
)

// CrossEntropy returns the cross-entropy of logits, of shape [N, K], against class indices.
func CrossEntropy(x, target, weight T, reduction int, ignoreIndex int64) T {
	const op = "cross_entropy"
	return one(op, C.tb_cross_entropy(must(op, x), must(op, target), p(weight), C.int(reduction),
		C.int64_t(ignoreIndex)), x, target, weight)
}

// NllLoss returns the negative log-likelihood of log-probabilities, of shape [N, K], at class indices.
func NllLoss(x, target, weight T, reduction int, ignoreIndex int64) T {
	const op = "nll_loss"
	return one(op, C.tb_nll_loss(must(op, x), must(op, target), p(weight), C.int(reduction), C.int64_t(ignoreIndex)),
		x, target, weight)
}
