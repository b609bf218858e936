// Winograd's convolution with 3×3 kernels, in bf16 for CPUs that have AVX512-BF16 and in float32 for those with AVX2:
// kernels on plain memory.
//
// F(2×2, 3×3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), section 4.1: an output
// tile of 2×2 pixels takes 16 products per pair of channels instead of 36,
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
//        ⎡1  0 −1  0⎤      ⎡ 1   0   0 ⎤
//   Bᵀ = ⎢0  1  1  0⎥  G = ⎢1/2 1/2 1/2⎥  Aᵀ = ⎡1 1  1  0⎤
//        ⎢0 −1  1  0⎥      ⎢1/2 −1/2 1/2⎥      ⎣0 1 −1 −1⎦
//        ⎣0  1  0 −1⎦      ⎣ 0   0   1 ⎦
//
// with d the 4×4 pixels around the tile. The products are summed over the channels, so they are 16 matrix products,
// one for each position f = 4·row + column of the transformed tile. The input's gradient is the convolution of the
// output's gradient with the rotated kernel, channels exchanged; the weight's is the transposed algorithm,
//
//   dg = Gᵀ [ Σ_tiles (A dY Aᵀ) ⊙ (Bᵀ d B) ] G
//
// Activations are NHWC, padding 1, stride 1, height and width even, channels multiples of 16. In bf16 transformed values
// are rounded to bf16; sums are float32.
#ifndef TORCHBRIDGE_WINOGRAD_H
#define TORCHBRIDGE_WINOGRAD_H

#include <cstddef>
#include <cstdint>

#include "avx512.h"

namespace bridge::winograd {

// Shape is that of one product: images [n, h, w, in] to [n, h, w, out].
struct Shape {
  int64_t n, h, w, in, out;

  int64_t tiles() const { return n * (h / 2) * (w / 2); }
};

// Kernels are those for activations whose elements are T, bf16 or float.
template <class T>
struct Kernels {
  // supported says whether the CPU has the instructions and oneDNN's convolution is not faster.
  static bool supported();

  // transform_weights computes G g Gᵀ of the kernels of output channels [begin, end) — multiples of 16 — of g [out, 3, 3,
  // in]. u holds 16·in·out values in the order that convolve reads. Rotated kernels with channels exchanged are for the
  // input's gradient: in and out stay those of g.
  static void transform_weights(const float *g, T *u, int64_t in, int64_t out, bool rotate, int64_t begin, int64_t end);

  // convolve computes tiles of y from x in blocks of block_tiles(s), the last one shorter. The result does not depend on
  // which blocks are computed together.
  static int64_t block_tiles(const Shape &s);
  static size_t convolve_scratch(const Shape &s);  // bytes, 64-byte aligned
  static void convolve(const T *x, const T *u, T *y, const Shape &s, int64_t begin, int64_t end, void *scratch);

  // gradient_chunks is into how many parts the tiles are divided whose sums are computed apart. It follows from the shape
  // alone, so that the order of additions, and with it every bit, is the same for any number of threads.
  static int64_t gradient_chunks(const Shape &s);
  static size_t gradient_scratch(const Shape &s);
  // sum_chunk writes Σ (A dY Aᵀ) ⊙ (Bᵀ d B) over one chunk's tiles to sums [16, out, in].
  static void sum_chunk(const T *x, const T *dy, float *sums, const Shape &s, int64_t chunk, void *scratch);
  // finish_gradient writes dg [out, 3, 3, in] for output channels [begin, end) from the chunks' sums.
  static void finish_gradient(const float *sums, float *dg, const Shape &s, int64_t begin, int64_t end);
};

}  // namespace bridge::winograd
#endif
