// Kernels on NHWC activations in float32 or bf16 for any CPU: rows of channels, which may be parts of longer rows. They
// are compiled for several instruction sets, of which the best that the CPU has runs.
//
//   z = scale·x + offset (+ residual), y = act(z), g = dy·act'(z): see batch_norm.h.
#ifndef TORCHBRIDGE_ROWS_H
#define TORCHBRIDGE_ROWS_H

#include <cstdint>

#include "activation.h"
#include "avx512.h"

namespace bridge::rows {

// Part is `channels` of each of `count` rows that begin `stride` values apart.
template <class T>
struct Part {
  T *data;
  int64_t stride;
};

struct Size {
  int64_t count, channels;
};

// Kernels computes with elements of type T. Tables and sums have a float32 for each channel in each of their rows.
template <class T>
struct Kernels {
  // sum_inputs writes three rows: a value of each channel, and the sums of x less it and of the square of that.
  void (*sum_inputs)(Part<const T> x, Size s, float *sums);
  // normalize writes y; table has two rows: scale and offset. residual.data may be null.
  void (*normalize)(Activation act, Part<const T> x, Part<const T> residual, const float *table, Part<T> y, Size s);
  // sum_gradients writes two rows: Σg and Σg(x−mean); table has three: scale, offset and mean.
  void (*sum_gradients)(Activation act, Part<const T> x, Part<const T> dy, const float *table, Size s, float *sums);
  // input_gradient writes dx = scale·g + a·x + b; table has five rows: scale, offset, a, b and what is left of b after
  // rounding to float32. Without that the error of b would be every pixel's, and remain where their gradients cancel but
  // for rounding, as they do for the bias of the convolution before.
  void (*input_gradient)(Activation act, Part<const T> x, Part<const T> dy, const float *table, Part<T> dx, Size s);
  // mask_gradient writes dy where y > 0, else 0.
  void (*mask_gradient)(Part<const T> y, Part<const T> dy, Part<T> g, Size s);
};

template <class T>
const Kernels<T> &kernels();

}  // namespace bridge::rows
#endif
