// Batch normalisation in training with what follows it, of NHWC activations: kernels on plain memory, paired ones for bf16
// and CPUs that have AVX512-BF16. For the rest there is rows.h. Fused, they read and write each activation once less in
// every direction for each operation.
//
//   z = scale·x + offset (+ residual)   scale = weight/σ, offset = bias − mean·scale, σ² = var + eps
//   y = act(z)                          g = dy·act'(z), which is the residual's gradient
//   dx = scale·(g − Σg/n − (x−mean)·Σg(x−mean)/(n·σ²))   dweight = Σg(x−mean)/σ   dbias = Σg
//
// (Ioffe and Szegedy 2015, algorithm 1 and section 3.) Sums are taken over chunks of rows in float32 and over chunks in
// float64, always in the same order, so that the bits do not depend on the number of threads.
#ifndef TORCHBRIDGE_BATCH_NORM_H
#define TORCHBRIDGE_BATCH_NORM_H

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "activation.h"
#include "avx512.h"

namespace bridge::batch_norm {

// Layout is how the kernels see activations of `count` pixels: rows of `lanes` values. Paired kernels take a multiple of
// 32 and of the channels: with 16 channels two pixels are one row, with 24 four. Their tables hold, for each 32 lanes,
// the even ones and then the odd ones, as load_pairs reads them.
struct Layout {
  int64_t rows, lanes, channels;
  bool paired;

  // plain joins pixels of few channels to rows that are worth a loop over lanes.
  static Layout plain(int64_t count, int64_t channels) {
    Layout l{count, channels, channels, false};
    for (; l.lanes < 128 && l.rows % 2 == 0; l.rows /= 2) l.lanes *= 2;
    return l;
  }
  static Layout pairs(int64_t count, int64_t channels) {
    int64_t lanes = std::lcm<int64_t>(channels, 32);
    return {count * channels / lanes, lanes, channels, true};
  }
  static bool fits_pairs(int64_t count, int64_t channels) {
    int64_t lanes = std::lcm<int64_t>(channels, 32);
    return lanes <= 16384 && count * channels % lanes == 0;
  }

  int64_t chunk_rows() const { return std::max<int64_t>(16, 32768 / lanes); }  // 64 KiB of bf16
  int64_t chunks() const { return (rows + chunk_rows() - 1) / chunk_rows(); }
  int64_t chunk_size(int64_t chunk) const { return std::min(chunk_rows(), rows - chunk * chunk_rows()); }
  int64_t chunk_begin(int64_t chunk) const { return chunk * chunk_rows() * lanes; }

  // channel_at says which channel a value of a table belongs to.
  int64_t channel_at(int64_t i) const {
    return (paired ? i / 32 * 32 + i % 16 * 2 + i % 32 / 16 : i) % channels;
  }
};

// sum_inputs writes for a chunk three rows of lanes: a value of each channel, and the sums of x less it and of the
// square of that: a sum of squares about a point far from the mean would cancel.
void sum_inputs(const bf16 *x, float *sums, const Layout &l, int64_t chunk);

// normalize writes y of a chunk; table has two rows: scale and offset. residual may be null.
void normalize(Activation act, const bf16 *x, const bf16 *residual, const float *table, bf16 *y, const Layout &l,
               int64_t chunk);

// sum_gradients writes for a chunk two rows: Σg and Σg(x−mean); table has three: scale, offset and mean.
void sum_gradients(Activation act, const bf16 *x, const bf16 *dy, const float *table, float *sums, const Layout &l,
                   int64_t chunk);

// input_gradient writes dx = scale·g + a·x + b of a chunk; table has at least four rows: scale, offset, a and b.
void input_gradient(Activation act, const bf16 *x, const bf16 *dy, const float *table, bf16 *dx, const Layout &l,
                    int64_t chunk);

// mask_gradient writes g of a ReLU, which is dy where y > 0.
void mask_gradient(const bf16 *y, const bf16 *dy, bf16 *g, const Layout &l, int64_t chunk);

}  // namespace bridge::batch_norm
#endif
