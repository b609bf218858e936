// Implements: the AVX512-BF16 kernels of winograd.h.
#include "winograd.h"

#include <algorithm>

#if defined(__x86_64__)

namespace bridge::winograd {
namespace {

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

// Run is a number of neighbouring tiles of one row of tiles.
struct Run {
  int64_t image, row, column, count;
};

// run_at cuts the run that begins at tile g out of the tiles before end; rows have `width` tiles, images `height` rows.
Run run_at(int64_t g, int64_t end, int64_t width, int64_t height) {
  int64_t column = g % width, row = g / width;
  return {row / height, row % height, column, std::min(end - g, width - column)};
}

// Pixels are the four rows of an image that a row of tiles reads; rows outside are null.
struct Pixels {
  const bf16 *rows[4];
  int64_t width, channels;
};

Pixels pixels_of(const bf16 *x, const Shape &s, Run run) {
  Pixels p{{}, s.w, s.in};
  for (int64_t i = 0; i < 4; i++) {
    int64_t y = 2 * run.row + i - 1;
    p.rows[i] = y < 0 || y >= s.h ? nullptr : x + (run.image * s.h + y) * s.w * s.in;
  }
  return p;
}

// column computes one column of Bᵀd, which neighbouring tiles share: x may lie outside of the image, in its padding.
INLINE void column(const Pixels &p, int64_t x, int64_t c, __m512 out[4]) {
  __m512 d[4];
  bool inside = x >= 0 && x < p.width;
  UNROLL for (int i = 0; i < 4; i++) {
    d[i] = inside && p.rows[i] ? load(p.rows[i] + x * p.channels + c) : _mm512_setzero_ps();
  }
  out[0] = d[0] - d[2];
  out[1] = d[1] + d[2];
  out[2] = d[2] - d[1];
  out[3] = d[1] - d[3];
}

// row computes one row of (Bᵀd)B from the four columns of Bᵀd.
INLINE void row(__m512 a, __m512 b, __m512 c, __m512 d, __m512 out[4]) {
  out[0] = a - c;
  out[1] = b + c;
  out[2] = c - b;
  out[3] = b - d;
}

// transform_input writes Bᵀ d B of a run's tiles to v: plane f, tile t, channel c at v[f·plane + t·in + c].
TARGET void transform_input(const bf16 *x, const Shape &s, Run run, bf16 *v, int64_t plane) {
  Pixels p = pixels_of(x, s, run);
  for (int64_t c = 0; c < s.in; c += kLanes) {
    __m512 q[4][4];
    column(p, 2 * run.column - 1, c, q[0]);
    column(p, 2 * run.column, c, q[1]);
    for (int64_t t = 0; t < run.count; t++) {
      int64_t left = 2 * (run.column + t);
      column(p, left + 1, c, q[2]);
      column(p, left + 2, c, q[3]);
      UNROLL for (int r = 0; r < 4; r++) {
        __m512 out[4];
        row(q[0][r], q[1][r], q[2][r], q[3][r], out);
        UNROLL for (int j = 0; j < 4; j++) store(v + (4 * r + j) * plane + t * s.in + c, out[j]);
        q[0][r] = q[2][r];
        q[1][r] = q[3][r];
      }
    }
  }
}

// transform_output writes Aᵀ m A of a run's tiles to y: plane f, tile t, channel o at m[f·plane + t·out + o].
TARGET void transform_output(const float *m, int64_t plane, bf16 *y, const Shape &s, Run run) {
  bf16 *corner = y + ((run.image * s.h + 2 * run.row) * s.w + 2 * run.column) * s.out;
  for (int64_t t = 0; t < run.count; t++, corner += 2 * s.out) {
    for (int64_t o = 0; o < s.out; o += kLanes) {
      __m512 top[4], bottom[4];
      UNROLL for (int j = 0; j < 4; j++) {
        const float *p = m + j * plane + t * s.out + o;
        __m512 a = _mm512_loadu_ps(p), b = _mm512_loadu_ps(p + 4 * plane), c = _mm512_loadu_ps(p + 8 * plane),
               d = _mm512_loadu_ps(p + 12 * plane);
        top[j] = a + b + c;
        bottom[j] = b - c - d;
      }
      bf16 *first = corner + o, *second = first + s.w * s.out;
      store(first, top[0] + top[1] + top[2]);
      store(first + s.out, top[1] - top[2] - top[3]);
      store(second, bottom[0] + bottom[1] + bottom[2]);
      store(second + s.out, bottom[1] - bottom[2] - bottom[3]);
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

// spread computes A e of a pair, without the minus of its last row: finish_gradient has it.
INLINE void spread(__m512 a, __m512 b, __m512 out[4]) {
  out[0] = a;
  out[1] = a + b;
  out[2] = a - b;
  out[3] = b;
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

// halves computes G of a column of three.
INLINE void halves(__m512 a, __m512 b, __m512 c, __m512 out[4]) {
  __m512 half = _mm512_set1_ps(0.5f), outer = (a + c) * half, middle = b * half;
  out[0] = a;
  out[1] = outer + middle;
  out[2] = outer - middle;
  out[3] = c;
}

// transform_kernel computes G g Gᵀ of 16 neighbouring input channels of an output channel.
INLINE void transform_kernel(const float *g, int64_t in, bool rotate, __m512 u[16]) {
  __m512 columns[3][4];
  UNROLL for (int j = 0; j < 3; j++) {
    __m512 k[3];
    UNROLL for (int i = 0; i < 3; i++) k[i] = _mm512_loadu_ps(g + (rotate ? 8 - 3 * i - j : 3 * i + j) * in);
    halves(k[0], k[1], k[2], columns[j]);
  }
  UNROLL for (int r = 0; r < 4; r++) halves(columns[0][r], columns[1][r], columns[2][r], u + 4 * r);
}

// Block sizes. A block's transformed values and products stay in the second cache together with the weights; the rows
// of a product are then whole multiples of strip's. Measured on Zen 4.
constexpr int64_t kGradientTiles = 64;

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }
int64_t input_plane(const Shape &s) { return rounded(block_tiles(s) * s.in * 2) + kSkew; }
int64_t product_plane(const Shape &s) { return rounded(block_tiles(s) * s.out * 4) + kSkew; }
int64_t pairs_plane(int64_t channels) { return kGradientTiles * channels * 2 + kSkew; }

}  // namespace

bool supported() { return has_avx512_bf16() && !__builtin_cpu_supports("amx-bf16"); }

TARGET void transform_weights(const float *g, bf16 *u, int64_t in, int64_t out, bool rotate, int64_t begin,
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

int64_t block_tiles(const Shape &) { return 48; }

int64_t blocks(const Shape &s) {
  int64_t tiles = s.n * (s.h / 2) * (s.w / 2), size = block_tiles(s);
  return (tiles + size - 1) / size;
}

size_t convolve_scratch(const Shape &s) { return 16 * (input_plane(s) + product_plane(s)); }

TARGET void convolve(const bf16 *x, const bf16 *u, bf16 *y, const Shape &s, int64_t begin, int64_t end,
                     void *scratch) {
  int64_t width = s.w / 2, height = s.h / 2, tiles = s.n * width * height, size = block_tiles(s);
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

int64_t gradient_chunks(const Shape &s) {
  // The chunks' sums take at most 4 MiB, and every chunk has a few blocks to sum.
  int64_t fits = (4 << 20) / (64 * s.in * s.out), blocks = paired_tiles(s) / (4 * kGradientTiles);
  return std::max<int64_t>(1, std::min<int64_t>({16, fits, blocks}));
}

size_t gradient_scratch(const Shape &s) { return 16 * (pairs_plane(s.in) + pairs_plane(s.out)); }

TARGET void sum_chunk(const bf16 *x, const bf16 *dy, float *sums, const Shape &s, int64_t chunk, void *scratch) {
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

TARGET void finish_gradient(const float *sums, float *dg, const Shape &s, int64_t begin, int64_t end) {
  int64_t plane = s.in * s.out, chunks = gradient_chunks(s);
  const __m512 half = _mm512_set1_ps(0.5f);
  for (int64_t o = begin; o < end; o++) {
    for (int64_t c = 0; c < s.in; c += kLanes) {
      __m512 rows[3][4];
      UNROLL for (int j = 0; j < 4; j++) {
        __m512 m[4];
        UNROLL for (int i = 0; i < 4; i++) {
          const float *p = sums + (4 * i + j) * plane + o * s.in + c;
          m[i] = _mm512_loadu_ps(p);
          for (int64_t k = 1; k < chunks; k++) m[i] += _mm512_loadu_ps(p + k * 16 * plane);
        }
        __m512 both = (m[1] + m[2]) * half;
        rows[0][j] = m[0] + both;
        rows[1][j] = (m[1] - m[2]) * half;
        rows[2][j] = both - m[3];
      }
      UNROLL for (int i = 0; i < 3; i++) {
        const __m512 *m = rows[i];
        __m512 both = (m[1] + m[2]) * half;
        float *out = dg + (o * 9 + 3 * i) * s.in + c;
        _mm512_storeu_ps(out, m[0] + both);
        _mm512_storeu_ps(out + s.in, (m[1] - m[2]) * half);
        _mm512_storeu_ps(out + 2 * s.in, both - m[3]);
      }
    }
  }
}

}  // namespace bridge::winograd

#else

namespace bridge::winograd {
bool supported() { return false; }
void transform_weights(const float *, bf16 *, int64_t, int64_t, bool, int64_t, int64_t) {}
int64_t blocks(const Shape &) { return 0; }
int64_t block_tiles(const Shape &) { return 0; }
size_t convolve_scratch(const Shape &) { return 0; }
void convolve(const bf16 *, const bf16 *, bf16 *, const Shape &, int64_t, int64_t, void *) {}
int64_t gradient_chunks(const Shape &) { return 1; }
size_t gradient_scratch(const Shape &) { return 0; }
void sum_chunk(const bf16 *, const bf16 *, float *, const Shape &, int64_t, void *) {}
void finish_gradient(const float *, float *, const Shape &, int64_t, int64_t) {}
}  // namespace bridge::winograd

#endif
