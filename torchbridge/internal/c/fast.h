// Faster ways to compute what libtorch computes, where they fit. bridge::fast_kernels switches them all.
#ifndef TORCHBRIDGE_FAST_H
#define TORCHBRIDGE_FAST_H

#ifndef _OPENMP
#error "compile with -fopenmp: at::parallel_for would silently run on one thread"
#endif

#include <ATen/core/Tensor.h>

#include <atomic>

#include "activation.h"

namespace bridge {

extern std::atomic<bool> fast_kernels;

// winograd_fits says whether winograd_conv2d computes the convolution without bias: in channels_last float32, or in bf16 by
// type or by autocasting, with 3×3 kernels, and where that is faster than libtorch.
bool winograd_fits(const at::Tensor &x, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding,
                   at::IntArrayRef dilation, int64_t groups);

// winograd_conv2d returns the channels_last convolution, recorded for autograd. In bf16 a float32 weight is read as it is
// and gets a float32 gradient.
at::Tensor winograd_conv2d(const at::Tensor &x, const at::Tensor &weight);

// batch_norm_act_fits says whether batch_norm_act computes batch normalisation by the batch's statistics with what
// follows it: of float32 or bf16 channels_last activations, with a float32 weight, bias and running statistics.
bool batch_norm_act_fits(const at::Tensor &x, const at::Tensor &residual, const at::Tensor &weight,
                         const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var);

// batch_norm_act returns the activations, recorded for autograd, and moves the running statistics. The residual, added
// before a ReLU, may be undefined.
at::Tensor batch_norm_act(const at::Tensor &x, const at::Tensor &residual, const at::Tensor &weight,
                          const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var,
                          double momentum, double eps, Activation act);

}  // namespace bridge
#endif
