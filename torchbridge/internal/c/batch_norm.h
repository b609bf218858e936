// Batch normalisation in training followed by ReLU, of bf16 NHWC activations, for CPUs that have AVX512-BF16: kernels on
// plain memory. Fused, they read and write each activation once less in every direction than one after the other.
//
//   y = max(0, scale·x + offset)   scale = weight/σ, offset = bias − mean·scale, σ² = var + eps
//   g = dy where y > 0, else 0
//   dx = scale·(g − Σg/n − (x−mean)·Σg(x−mean)/(n·σ²))   dweight = Σg(x−mean)/σ   dbias = Σg
//
// (Ioffe and Szegedy 2015, algorithm 1 and section 3.) Sums are taken over chunks of rows in float32 and over chunks in
// float64, always in the same order, so that the bits do not depend on the number of threads.
#ifndef TORCHBRIDGE_BATCH_NORM_H
#define TORCHBRIDGE_BATCH_NORM_H

#include <algorithm>
#include <cstdint>

#include "avx512.h"

namespace bridge::batch_norm {

// Layout is how the kernels see activations of `count` pixels: rows of `lanes` values, a multiple of 32. Two pixels of 16
// channels are one row.
struct Layout {
  int64_t rows, lanes, channels;

  static bool fits(int64_t count, int64_t channels) {
    return count > 1 && channels > 0 && (channels % 32 == 0 || (channels == 16 && count % 2 == 0));
  }
  Layout(int64_t count, int64_t c) : rows(count * c / std::max<int64_t>(c, 32)), lanes(std::max<int64_t>(c, 32)), channels(c) {}

  int64_t chunk_rows() const { return std::max<int64_t>(16, 32768 / lanes); }  // 64 KiB
  int64_t chunks() const { return (rows + chunk_rows() - 1) / chunk_rows(); }
  int64_t chunk_size(int64_t chunk) const { return std::min(chunk_rows(), rows - chunk * chunk_rows()); }

  // channel_at says which channel a value of a table belongs to. Tables hold, for each 32 lanes, the even ones and then
  // the odd ones, as load_pairs reads them.
  int64_t channel_at(int64_t i) const { return (i / 32 * 32 + i % 16 * 2 + i % 32 / 16) % channels; }
};

// sum_inputs writes for a chunk three rows of lanes: a value of each channel, and the sums of x less it and of the
// square of that: a sum of squares about a point far from the mean would cancel.
void sum_inputs(const bf16 *x, float *sums, const Layout &l, int64_t chunk);

// normalize writes y of a chunk; table has two rows: scale and offset.
void normalize(const bf16 *x, const float *table, bf16 *y, const Layout &l, int64_t chunk);

// sum_gradients writes for a chunk two rows: Σg and Σg(x−mean); table has three: scale, offset and mean.
void sum_gradients(const bf16 *x, const bf16 *dy, const float *table, float *sums, const Layout &l, int64_t chunk);

// input_gradient writes dx = scale·g + a·x + b of a chunk; table has four rows: scale, offset, a and b.
void input_gradient(const bf16 *x, const bf16 *dy, const float *table, bf16 *dx, const Layout &l, int64_t chunk);

}  // namespace bridge::batch_norm
#endif
