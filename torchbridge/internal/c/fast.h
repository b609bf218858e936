// Faster ways to compute what libtorch computes, where they fit. bridge::fast_kernels switches them all.
#ifndef TORCHBRIDGE_FAST_H
#define TORCHBRIDGE_FAST_H

#include <ATen/core/Tensor.h>

#include <atomic>

namespace bridge {

extern std::atomic<bool> fast_kernels;

// winograd_fits says whether winograd_conv2d computes the convolution without bias: in bf16 by type or by autocasting,
// with 3×3 kernels, and where that is faster than libtorch.
bool winograd_fits(const at::Tensor &x, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding,
                   at::IntArrayRef dilation, int64_t groups);

// winograd_conv2d returns the bf16 channels_last convolution, recorded for autograd. A float32 weight is read as it is
// and gets a float32 gradient.
at::Tensor winograd_conv2d(const at::Tensor &x, const at::Tensor &weight);

}  // namespace bridge
#endif
