// Implements: the float32 kernels of winograd.h for CPUs that have AVX2 and FMA.
#include "winograd.h"

#include <algorithm>

#if defined(__x86_64__)

#undef TARGET
#define TARGET __attribute__((target("avx2,fma")))

namespace bridge::winograd {
namespace {
namespace avx2 {

using Element = float;
using Vector = __m256;
constexpr int64_t kLanes = 8;

INLINE Vector load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void store(float *p, Vector v) { _mm256_storeu_ps(p, v); }
INLINE Vector zero() { return _mm256_setzero_ps(); }
INLINE Vector splat(float v) { return _mm256_set1_ps(v); }

#include "winograd_transforms.h"

// kStrip columns of a product are computed together: with kRows rows their sums fill 12 of the 16 registers, which hides
// the latency of the additions and leaves room for the operands.
constexpr int64_t kStrip = 2 * kLanes, kRows = 6;

// kSkew, in values, is added between the 16 planes of a transformed block: planes a power of two apart would all fall into
// the same sets of the first cache.
constexpr int64_t kSkew = 16;

// Matrix has the element of row m and column k at data[m·row + k·column].
struct Matrix {
  const float *data;
  int64_t row, column;
};

// rows_of computes kCount rows and one strip of c = a·b, or adds to it, over k products.
template <int kCount, bool kAdd>
TARGET void rows_of(Matrix a, Matrix b, float *c, int64_t ldc, int64_t k) {
  Vector sum[kCount][2];
  UNROLL for (int i = 0; i < kCount; i++) {
    UNROLL for (int j = 0; j < 2; j++) sum[i][j] = kAdd ? load(c + i * ldc + j * kLanes) : zero();
  }
  for (int64_t p = 0; p < k; p++) {
    Vector right[2] = {load(b.data + p * b.row), load(b.data + p * b.row + kLanes)};
    UNROLL for (int i = 0; i < kCount; i++) {
      Vector left = _mm256_broadcast_ss(a.data + i * a.row + p * a.column);
      UNROLL for (int j = 0; j < 2; j++) sum[i][j] = _mm256_fmadd_ps(left, right[j], sum[i][j]);
    }
  }
  UNROLL for (int i = 0; i < kCount; i++) {
    UNROLL for (int j = 0; j < 2; j++) store(c + i * ldc + j * kLanes, sum[i][j]);
  }
}

// multiply computes one strip of all rows, in parts of equal or nearly equal height: a last part of one or two rows would
// wait for its additions.
template <bool kAdd>
TARGET void multiply(Matrix a, Matrix b, float *c, int64_t ldc, int64_t rows, int64_t k) {
  for (int64_t parts = (rows + kRows - 1) / kRows; parts > 0; parts--) {
    int64_t count = (rows + parts - 1) / parts;
    switch (count) {
      case 6: rows_of<6, kAdd>(a, b, c, ldc, k); break;
      case 5: rows_of<5, kAdd>(a, b, c, ldc, k); break;
      case 4: rows_of<4, kAdd>(a, b, c, ldc, k); break;
      case 3: rows_of<3, kAdd>(a, b, c, ldc, k); break;
      case 2: rows_of<2, kAdd>(a, b, c, ldc, k); break;
      default: rows_of<1, kAdd>(a, b, c, ldc, k);
    }
    a.data += count * a.row;
    c += count * ldc;
    rows -= count;
  }
}

// transform_gradient writes A dY Aᵀ of a run's tiles: plane f, tile t, channel o at e[f·plane + t·out + o].
TARGET void transform_gradient(const float *dy, const Shape &s, Run run, float *e, int64_t plane) {
  const float *corner = dy + ((run.image * s.h + 2 * run.row) * s.w + 2 * run.column) * s.out;
  for (int64_t t = 0; t < run.count; t++, corner += 2 * s.out, e += s.out) {
    for (int64_t o = 0; o < s.out; o += kLanes) {
      const float *p = corner + o, *q = p + s.w * s.out;
      Vector left[4], right[4];
      spread(load(p), load(q), left);
      spread(load(p + s.out), load(q + s.out), right);
      UNROLL for (int r = 0; r < 4; r++) {
        Vector out[4];
        spread(left[r], right[r], out);
        UNROLL for (int j = 0; j < 4; j++) store(e + (4 * r + j) * plane + o, out[j]);
      }
    }
  }
}

// A block's transformed values and products stay in the second cache. Measured on Zen 2.
constexpr int64_t kBlockBytes = 128 << 10;

// tiles_of is the number of tiles, a multiple of kRows, for which `channels` values a tile and plane fit a block.
int64_t tiles_of(int64_t channels) {
  int64_t fit = kBlockBytes / (16 * channels * static_cast<int64_t>(sizeof(float)));
  return std::clamp<int64_t>(fit / kRows * kRows, kRows, 16 * kRows);
}

int64_t plane_of(int64_t tiles, int64_t channels) { return tiles * channels + kSkew; }

}  // namespace avx2
}  // namespace

using namespace avx2;

template <>
bool Kernels<float>::supported() {
  // With AVX-512 oneDNN's convolution has vectors of twice the width.
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_supports("avx512f");
}

template <>
TARGET void Kernels<float>::transform_weights(const float *g, float *u, int64_t in, int64_t out, bool rotate,
                                              int64_t begin, int64_t end) {
  // The right side of the products, in strips: [f][strip][k][kStrip].
  int64_t plane = in * out, k = rotate ? out : in;
  for (int64_t o = begin; o < end; o++) {
    for (int64_t c = 0; c < in; c += avx2::kLanes) {
      Vector kernel[16];
      transform_kernel(g + o * 9 * in + c, in, rotate, kernel);
      for (int f = 0; f < 16; f++) {
        if (rotate) {
          store(u + f * plane + c / kStrip * kStrip * k + o * kStrip + c % kStrip, kernel[f]);
          continue;
        }
        float values[avx2::kLanes];
        store(values, kernel[f]);
        float *to = u + f * plane + o / kStrip * kStrip * k + c * kStrip + o % kStrip;
        for (int64_t i = 0; i < avx2::kLanes; i++) to[i * kStrip] = values[i];
      }
    }
  }
}

template <>
int64_t Kernels<float>::block_tiles(const Shape &s) {
  return tiles_of(s.in + s.out);
}

template <>
size_t Kernels<float>::convolve_scratch(const Shape &s) {
  int64_t tiles = tiles_of(s.in + s.out);
  return 16 * (plane_of(tiles, s.in) + plane_of(tiles, s.out)) * sizeof(float);
}

template <>
TARGET void Kernels<float>::convolve(const float *x, const float *u, float *y, const Shape &s, int64_t begin,
                                     int64_t end, void *scratch) {
  int64_t width = s.w / 2, height = s.h / 2, tiles = s.tiles(), size = tiles_of(s.in + s.out);
  int64_t v_plane = plane_of(size, s.in), m_plane = plane_of(size, s.out);
  auto *v = static_cast<float *>(scratch), *m = v + 16 * v_plane;
  for (int64_t block = begin; block < end; block++) {
    int64_t from = block * size, to = std::min(tiles, from + size);
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_input(x, s, run, v + (g - from) * s.in, v_plane);
      g += run.count;
    }
    for (int f = 0; f < 16; f++) {
      for (int64_t o = 0; o < s.out; o += kStrip) {
        Matrix left{v + f * v_plane, s.in, 1}, right{u + f * s.in * s.out + o * s.in, kStrip, 1};
        multiply<false>(left, right, m + f * m_plane + o, s.out, to - from, s.in);
      }
    }
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_output(m + (g - from) * s.out, m_plane, y, s, run);
      g += run.count;
    }
  }
}

template <>
int64_t Kernels<float>::gradient_chunks(const Shape &s) {
  // The chunks' sums take at most 4 MiB, and every chunk has a few blocks to sum.
  int64_t fits = (4 << 20) / (64 * s.in * s.out), blocks = s.tiles() / (4 * tiles_of(s.in + s.out));
  return std::max<int64_t>(1, std::min<int64_t>({16, fits, blocks}));
}

template <>
size_t Kernels<float>::gradient_scratch(const Shape &s) {
  return convolve_scratch(s);
}

template <>
TARGET void Kernels<float>::sum_chunk(const float *x, const float *dy, float *sums, const Shape &s, int64_t chunk,
                                      void *scratch) {
  int64_t width = s.w / 2, height = s.h / 2, tiles = s.tiles(), size = tiles_of(s.in + s.out);
  int64_t v_plane = plane_of(size, s.in), e_plane = plane_of(size, s.out), chunks = gradient_chunks(s);
  auto *v = static_cast<float *>(scratch), *e = v + 16 * v_plane;
  int64_t blocks = (tiles + size - 1) / size, begin = blocks * chunk / chunks, end = blocks * (chunk + 1) / chunks;
  for (int64_t block = begin; block < end; block++) {
    int64_t from = block * size, to = std::min(tiles, from + size);
    for (int64_t g = from; g < to;) {
      Run run = run_at(g, to, width, height);
      transform_input(x, s, run, v + (g - from) * s.in, v_plane);
      transform_gradient(dy, s, run, e + (g - from) * s.out, e_plane);
      g += run.count;
    }
    for (int f = 0; f < 16; f++) {
      for (int64_t c = 0; c < s.in; c += kStrip) {
        Matrix left{e + f * e_plane, 1, s.out}, right{v + f * v_plane + c, s.in, 1};
        float *sum = sums + f * s.in * s.out + c;
        if (block == begin) {
          multiply<false>(left, right, sum, s.in, s.out, to - from);
        } else {
          multiply<true>(left, right, sum, s.in, s.out, to - from);
        }
      }
    }
  }
}

template <>
TARGET void Kernels<float>::finish_gradient(const float *sums, float *dg, const Shape &s, int64_t begin, int64_t end) {
  finish(sums, dg, s, gradient_chunks(s), begin, end);
}

}  // namespace bridge::winograd

#endif
