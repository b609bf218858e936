// Implements: the AVX512-BF16 kernels of winograd.h.
#include "winograd.h"

#include <algorithm>

#if defined(__x86_64__)

namespace bridge::winograd {
namespace {

using Element = bf16;
using Vector = __m512;

INLINE Vector zero() { return _mm512_setzero_ps(); }
INLINE Vector splat(float v) { return _mm512_set1_ps(v); }

#include "winograd_transforms.h"

// kSkew, in bytes, is added between the 16 planes of a transformed block: planes a power of two apart would all fall
// into the same sets of the first cache.
constexpr int64_t kSkew = 64;

// panel is the width, in vectors, of the strips into which the right side of the products is laid out: [strip][k/2]
// [panel·16][2]. A strip times a few rows fits the registers.
constexpr int panel(int64_t columns) { return columns % 64 == 0 ? 4 : columns % 32 == 0 ? 2 : 1; }

// Matrix is the left side of a product as pairs of bf16: row m, pair k at data[m·row + k·pair].
struct Matrix {
  const int32_t *data;
  int64_t row, pair;
};

// strip_rows computes kRows rows and one strip of columns of a product over k pairs.
template <int kRows, int kVectors, bool kAdd>
INLINE void strip_rows(Matrix a, const int32_t *b, float *c, int64_t ldc, int64_t k) {
  __m512 sum[kRows][kVectors];
  UNROLL for (int i = 0; i < kRows; i++) {
    UNROLL for (int j = 0; j < kVectors; j++) {
      sum[i][j] = kAdd ? _mm512_loadu_ps(c + i * ldc + j * kLanes) : _mm512_setzero_ps();
    }
  }
  for (int64_t p = 0; p < k; p++) {
    __m512bh right[kVectors];
    UNROLL for (int j = 0; j < kVectors; j++) {
      right[j] = (__m512bh)_mm512_loadu_si512(b + (p * kVectors + j) * kLanes);
    }
    UNROLL for (int i = 0; i < kRows; i++) {
      __m512bh left = (__m512bh)_mm512_set1_epi32(a.data[i * a.row + p * a.pair]);
      UNROLL for (int j = 0; j < kVectors; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], left, right[j]);
    }
  }
  UNROLL for (int i = 0; i < kRows; i++) {
    UNROLL for (int j = 0; j < kVectors; j++) _mm512_storeu_ps(c + i * ldc + j * kLanes, sum[i][j]);
  }
}

// strip computes all rows of one strip: 24 sums at a time hide the latency of the dot products and leave registers for
// the operands.
template <int kVectors, bool kAdd>
TARGET void strip(Matrix a, const int32_t *b, float *c, int64_t ldc, int64_t rows, int64_t k) {
  constexpr int kRows = 24 / kVectors > 12 ? 12 : 24 / kVectors;
  int64_t m = 0;
  auto at = [&](int64_t i) { return Matrix{a.data + i * a.row, a.row, a.pair}; };
  for (; m + kRows <= rows; m += kRows) strip_rows<kRows, kVectors, kAdd>(at(m), b, c + m * ldc, ldc, k);
  for (; m + 4 <= rows; m += 4) strip_rows<4, kVectors, kAdd>(at(m), b, c + m * ldc, ldc, k);
  for (; m < rows; m++) strip_rows<1, kVectors, kAdd>(at(m), b, c + m * ldc, ldc, k);
}

// multiply computes c [rows, columns] = a·b, or adds to it, over k pairs.
template <bool kAdd>
TARGET void multiply(Matrix a, const int32_t *b, float *c, int64_t rows, int64_t columns, int64_t k) {
  int vectors = panel(columns);
  for (int64_t n = 0; n < columns; n += vectors * kLanes) {
    switch (vectors) {
      case 4: strip<4, kAdd>(a, b + n * k, c + n, columns, rows, k); break;
      case 2: strip<2, kAdd>(a, b + n * k, c + n, columns, rows, k); break;
      default: strip<1, kAdd>(a, b + n * k, c + n, columns, rows, k);
    }
  }
}

// For the weight's gradient the summed dimension is that of the tiles, so they are paired: rows of tiles are widened to
// an even count by a tile whose gradient is zero.
int64_t even_width(const Shape &s) { return (s.w / 2 + 1) / 2 * 2; }
int64_t paired_tiles(const Shape &s) { return s.n * (s.h / 2) * even_width(s); }

// transform_input_pairs writes Bᵀ d B of a run's tiles as the right side of a product over tiles, with `tiles` in a
// block and the run's first at `first`, even.
TARGET void transform_input_pairs(const bf16 *x, const Shape &s, Run run, bf16 *v, int64_t plane, int64_t first,
                                  int64_t tiles) {
  Pixels p = pixels_of(x, s, run);
  int64_t wide = panel(s.in) * kLanes;
  for (int64_t c = 0; c < s.in; c += kLanes) {
    bf16 *out = v + c / wide * wide * tiles + c % wide * 2 + first * wide;
    __m512 q[6][4];
    column(p, 2 * run.column - 1, c, q[0]);
    column(p, 2 * run.column, c, q[1]);
    for (int64_t t = 0; t < run.count; t += 2, out += 2 * wide) {
      int64_t left = 2 * (run.column + t);
      UNROLL for (int i = 0; i < 4; i++) column(p, left + 1 + i, c, q[2 + i]);
      UNROLL for (int r = 0; r < 4; r++) {
        __m512 a[4], b[4];
        row(q[0][r], q[1][r], q[2][r], q[3][r], a);
        row(q[2][r], q[3][r], q[4][r], q[5][r], b);
        UNROLL for (int j = 0; j < 4; j++) store_pairs(out + (4 * r + j) * plane, a[j], b[j]);
        q[0][r] = q[4][r];
        q[1][r] = q[5][r];
      }
    }
  }
}

// transform_gradient_pairs writes A dY Aᵀ of a run's tiles as the left side of a product over tiles: plane f, pair of
// tiles k, channel o at e[f·plane + (k·out + o)·2].
TARGET void transform_gradient_pairs(const bf16 *dy, const Shape &s, Run run, bf16 *e, int64_t plane) {
  const bf16 *corner = dy + ((run.image * s.h + 2 * run.row) * s.w + 2 * run.column) * s.out;
  for (int64_t t = 0; t < run.count; t += 2, corner += 4 * s.out, e += 2 * s.out) {
    bool second = run.column + t + 1 < s.w / 2;
    for (int64_t o = 0; o < s.out; o += kLanes) {
      __m512 columns[4][4];
      UNROLL for (int i = 0; i < 4; i++) {
        const bf16 *p = corner + i * s.out + o;
        bool inside = i < 2 || second;
        __m512 a = inside ? load(p) : _mm512_setzero_ps(), b = inside ? load(p + s.w * s.out) : _mm512_setzero_ps();
        spread(a, b, columns[i]);
      }
      UNROLL for (int r = 0; r < 4; r++) {
        __m512 a[4], b[4];
        spread(columns[0][r], columns[1][r], a);
        spread(columns[2][r], columns[3][r], b);
        UNROLL for (int j = 0; j < 4; j++) store_pairs(e + (4 * r + j) * plane + 2 * o, a[j], b[j]);
      }
    }
  }
}

// Block sizes. A block's transformed values and products stay in the second cache together with the weights; the rows
// of a product are then whole multiples of strip's. Measured on Zen 4.
constexpr int64_t kTiles = 48, kGradientTiles = 64;

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }
int64_t input_plane(const Shape &s) { return rounded(kTiles * s.in * 2) + kSkew; }
int64_t product_plane(const Shape &s) { return rounded(kTiles * s.out * 4) + kSkew; }
int64_t pairs_plane(int64_t channels) { return kGradientTiles * channels * 2 + kSkew; }

}  // namespace

template <>
bool Kernels<bf16>::supported() { return has_avx512_bf16() && !__builtin_cpu_supports("amx-bf16"); }

template <>
TARGET void Kernels<bf16>::transform_weights(const float *g, bf16 *u, int64_t in, int64_t out, bool rotate, int64_t begin,
                              int64_t end) {
  // The right side of the products: k is summed over, n are the columns.
  int64_t columns = rotate ? in : out, plane = in * out, k = (rotate ? out : in) / 2, wide = panel(columns) * kLanes;
  auto place = [&](int64_t pair, int64_t column) {
    return u + (column / wide * wide * k + pair * wide + column % wide) * 2;
  };
  __m512 first[16], second[16];
  if (rotate) {
    for (int64_t o = begin; o < end; o += 2) {
      for (int64_t c = 0; c < in; c += kLanes) {
        transform_kernel(g + o * 9 * in + c, in, true, first);
        transform_kernel(g + (o + 1) * 9 * in + c, in, true, second);
        for (int f = 0; f < 16; f++) store_pairs(place(o / 2, c) + f * plane, first[f], second[f]);
      }
    }
    return;
  }
  for (int64_t o = begin; o < end; o++) {
    for (int64_t c = 0; c < in; c += kLanes) {
      transform_kernel(g + o * 9 * in + c, in, false, first);
      for (int f = 0; f < 16; f++) {
        alignas(32) int32_t pairs[8];
        store(reinterpret_cast<bf16 *>(pairs), first[f]);
        int32_t *to = reinterpret_cast<int32_t *>(place(c / 2, o) + f * plane);
        for (int i = 0; i < 8; i++) to[i * wide] = pairs[i];
      }
    }
  }
}

template <>
int64_t Kernels<bf16>::block_tiles(const Shape &) { return kTiles; }

template <>
size_t Kernels<bf16>::convolve_scratch(const Shape &s) { return 16 * (input_plane(s) + product_plane(s)); }

template <>
TARGET void Kernels<bf16>::convolve(const bf16 *x, const bf16 *u, bf16 *y, const Shape &s, int64_t begin, int64_t end,
                     void *scratch) {
  int64_t width = s.w / 2, height = s.h / 2, tiles = s.n * width * height, size = kTiles;
  int64_t v_plane = input_plane(s) / 2, m_plane = product_plane(s) / 4;
  auto *v = static_cast<bf16 *>(scratch);
  auto *m = reinterpret_cast<float *>(v + 16 * v_plane);
  for (int64_t block = begin; block < end; block++) {
    int64_t from = block * size, to = std::min(tiles, from + size);
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_input(x, s, run, v + (g - from) * s.in, v_plane);
      g += run.count;
    }
    for (int f = 0; f < 16; f++) {
      Matrix left{reinterpret_cast<const int32_t *>(v + f * v_plane), s.in / 2, 1};
      multiply<false>(left, reinterpret_cast<const int32_t *>(u + f * s.in * s.out), m + f * m_plane, to - from, s.out,
                      s.in / 2);
    }
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_output(m + (g - from) * s.out, m_plane, y, s, run);
      g += run.count;
    }
  }
}

template <>
int64_t Kernels<bf16>::gradient_chunks(const Shape &s) {
  // The chunks' sums take at most 4 MiB, and every chunk has a few blocks to sum.
  int64_t fits = (4 << 20) / (64 * s.in * s.out), blocks = paired_tiles(s) / (4 * kGradientTiles);
  return std::max<int64_t>(1, std::min<int64_t>({16, fits, blocks}));
}

template <>
size_t Kernels<bf16>::gradient_scratch(const Shape &s) { return 16 * (pairs_plane(s.in) + pairs_plane(s.out)); }

template <>
TARGET void Kernels<bf16>::sum_chunk(const bf16 *x, const bf16 *dy, float *sums, const Shape &s, int64_t chunk, void *scratch) {
  int64_t width = even_width(s), height = s.h / 2, tiles = paired_tiles(s), chunks = gradient_chunks(s);
  int64_t v_plane = pairs_plane(s.in) / 2, e_plane = pairs_plane(s.out) / 2;
  auto *v = static_cast<bf16 *>(scratch), *e = v + 16 * v_plane;
  int64_t blocks = (tiles + kGradientTiles - 1) / kGradientTiles;
  int64_t begin = blocks * chunk / chunks, end = blocks * (chunk + 1) / chunks;
  for (int64_t block = begin; block < end; block++) {
    int64_t from = block * kGradientTiles, to = std::min(tiles, from + kGradientTiles);
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_input_pairs(x, s, run, v, v_plane, g - from, to - from);
      transform_gradient_pairs(dy, s, run, e + (g - from) * s.out, e_plane);
      g += run.count;
    }
    for (int f = 0; f < 16; f++) {
      Matrix left{reinterpret_cast<const int32_t *>(e + f * e_plane), 1, s.out};
      auto *right = reinterpret_cast<const int32_t *>(v + f * v_plane);
      float *sum = sums + f * s.in * s.out;
      if (block == begin) {
        multiply<false>(left, right, sum, s.out, s.in, (to - from) / 2);
      } else {
        multiply<true>(left, right, sum, s.out, s.in, (to - from) / 2);
      }
    }
  }
}

template <>
TARGET void Kernels<bf16>::finish_gradient(const float *sums, float *dg, const Shape &s, int64_t begin, int64_t end) {
  finish(sums, dg, s, gradient_chunks(s), begin, end);
}

}  // namespace bridge::winograd

#endif
