// Implements: the AVX512-BF16 kernels of batch_norm.h.
#include "batch_norm.h"

namespace bridge {

bool has_avx512_bf16() {
#if defined(__x86_64__)
  static const bool yes = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bf16");
  return yes;
#else
  return false;
#endif
}

}  // namespace bridge

#if defined(__x86_64__)

namespace bridge::batch_norm {
namespace {

// Pair is 32 lanes: the even ones and the odd ones.
struct Pair {
  __m512 v[2];
};

INLINE Pair read(const bf16 *p) {
  Pair r;
  load_pairs(p, r.v[0], r.v[1]);
  return r;
}

INLINE Pair read(const float *table) { return {{_mm512_loadu_ps(table), _mm512_loadu_ps(table + kLanes)}}; }

INLINE void write(bf16 *p, const Pair &a) { store_pairs(p, a.v[0], a.v[1]); }

INLINE void write(float *table, const Pair &a) {
  _mm512_storeu_ps(table, a.v[0]);
  _mm512_storeu_ps(table + kLanes, a.v[1]);
}

// sigmoid is 1/(1+2^−t) for t in units of log2(e), to about 1e-7: 2^r, |r| ≤ 1/2, is its Taylor polynomial of degree 6.
INLINE __m512 sigmoid2(__m512 t) {
  // Beyond, the result is 0 or 1 in bf16; the bounds keep the reciprocal finite.
  __m512 v = _mm512_max_ps(_mm512_min_ps(_mm512_sub_ps(_mm512_setzero_ps(), t), _mm512_set1_ps(100)), _mm512_set1_ps(-100));
  __m512 n = _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = v - n;
  __m512 p = _mm512_set1_ps(1.5403530e-4f);  // ln(2)^k / k!
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3333558e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.6181291e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.5504109e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.4022651e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9314718e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1));
  __m512 d = _mm512_add_ps(_mm512_scalef_ps(p, n), _mm512_set1_ps(1));
  __m512 q = _mm512_rcp14_ps(d);
  return _mm512_mul_ps(q, _mm512_fnmadd_ps(d, q, _mm512_set1_ps(2)));  // a step of Newton's
}

constexpr float kQuick = 1.702f, kLog2E = 1.44269504f;

template <Activation A>
INLINE __m512 activate(__m512 z) {
  if constexpr (A == Activation::kRelu) return _mm512_max_ps(z, _mm512_setzero_ps());
  if constexpr (A == Activation::kQuickGelu) return z * sigmoid2(z * _mm512_set1_ps(kQuick * kLog2E));
  return z;
}

// derive returns dy·act'(z).
template <Activation A>
INLINE __m512 derive(__m512 dy, __m512 z) {
  if constexpr (A == Activation::kRelu) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(z, _mm512_setzero_ps(), _CMP_GT_OQ), dy);
  }
  if constexpr (A == Activation::kQuickGelu) {
    __m512 s = sigmoid2(z * _mm512_set1_ps(kQuick * kLog2E)), one = _mm512_set1_ps(1);
    return dy * s * _mm512_fmadd_ps(z * _mm512_set1_ps(kQuick), one - s, one);
  }
  return dy;
}

template <Activation A, bool kResidual>
TARGET void normalize(const bf16 *x, const bf16 *residual, const float *table, bf16 *y, const Layout &l,
                      int64_t chunk) {
  int64_t rows = l.chunk_size(chunk), first = chunk * l.chunk_rows() * l.lanes;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    Pair scale = read(table + lane), offset = read(table + l.lanes + lane);
    for (int64_t row = 0; row < rows; row++) {
      int64_t at = first + row * l.lanes + lane;
      Pair a = read(x + at), r;
      if constexpr (kResidual) r = read(residual + at);
      UNROLL for (int i = 0; i < 2; i++) {
        __m512 z = _mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]);
        if constexpr (kResidual) z += r.v[i];
        a.v[i] = activate<A>(z);
      }
      write(y + at, a);
    }
  }
}

template <Activation A>
TARGET void sum_gradients(const bf16 *x, const bf16 *dy, const float *table, float *sums, const Layout &l,
                          int64_t chunk) {
  int64_t rows = l.chunk_size(chunk), first = chunk * l.chunk_rows() * l.lanes;
  x += first;
  dy += first;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    Pair scale = read(table + lane), offset = read(table + l.lanes + lane), mean = read(table + 2 * l.lanes + lane);
    const Pair zero{{_mm512_setzero_ps(), _mm512_setzero_ps()}};
    Pair sum[2] = {zero, zero}, product[2] = {zero, zero};
    auto add = [&](int64_t row, int chain) TARGET __attribute__((always_inline)) {
      Pair a = read(x + row * l.lanes + lane), d = read(dy + row * l.lanes + lane);
      UNROLL for (int i = 0; i < 2; i++) {
        __m512 g = derive<A>(d.v[i], _mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]));
        sum[chain].v[i] += g;
        product[chain].v[i] = _mm512_fmadd_ps(g, a.v[i] - mean.v[i], product[chain].v[i]);
      }
    };
    int64_t row = 0;
    for (; row + 2 <= rows; row += 2) {
      add(row, 0);
      add(row + 1, 1);
    }
    if (row < rows) add(row, 0);
    UNROLL for (int i = 0; i < 2; i++) {
      sum[0].v[i] += sum[1].v[i];
      product[0].v[i] += product[1].v[i];
    }
    write(sums + lane, sum[0]);
    write(sums + l.lanes + lane, product[0]);
  }
}

template <Activation A>
TARGET void input_gradient(const bf16 *x, const bf16 *dy, const float *table, bf16 *dx, const Layout &l,
                           int64_t chunk) {
  int64_t rows = l.chunk_size(chunk), first = chunk * l.chunk_rows() * l.lanes;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    const float *p = table + lane;
    Pair scale = read(p), offset = read(p + l.lanes), linear = read(p + 2 * l.lanes), constant = read(p + 3 * l.lanes);
    for (int64_t row = 0; row < rows; row++) {
      int64_t at = first + row * l.lanes + lane;
      Pair a = read(x + at), d = read(dy + at);
      UNROLL for (int i = 0; i < 2; i++) {
        __m512 g = derive<A>(d.v[i], _mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]));
        a.v[i] = _mm512_fmadd_ps(g, scale.v[i], _mm512_fmadd_ps(a.v[i], linear.v[i], constant.v[i]));
      }
      write(dx + at, a);
    }
  }
}

}  // namespace

TARGET void sum_inputs(const bf16 *x, float *sums, const Layout &l, int64_t chunk) {
  int64_t rows = l.chunk_size(chunk);
  x += chunk * l.chunk_rows() * l.lanes;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    const Pair zero{{_mm512_setzero_ps(), _mm512_setzero_ps()}}, shift = read(x + lane);
    Pair sum[2] = {zero, zero}, square[2] = {zero, zero};  // of even and of odd rows: two chains of additions
    auto add = [&](int64_t row, int chain) TARGET __attribute__((always_inline)) {
      Pair a = read(x + row * l.lanes + lane);
      UNROLL for (int i = 0; i < 2; i++) {
        __m512 d = a.v[i] - shift.v[i];
        sum[chain].v[i] += d;
        square[chain].v[i] = _mm512_fmadd_ps(d, d, square[chain].v[i]);
      }
    };
    int64_t row = 0;
    for (; row + 2 <= rows; row += 2) {
      add(row, 0);
      add(row + 1, 1);
    }
    if (row < rows) add(row, 0);
    UNROLL for (int i = 0; i < 2; i++) {
      sum[0].v[i] += sum[1].v[i];
      square[0].v[i] += square[1].v[i];
    }
    write(sums + lane, shift);
    write(sums + l.lanes + lane, sum[0]);
    write(sums + 2 * l.lanes + lane, square[0]);
  }
}

void normalize(Activation act, const bf16 *x, const bf16 *residual, const float *table, bf16 *y, const Layout &l,
               int64_t chunk) {
  using enum Activation;
  switch (act) {
    case kRelu:
      return residual ? normalize<kRelu, true>(x, residual, table, y, l, chunk)
                      : normalize<kRelu, false>(x, residual, table, y, l, chunk);
    case kQuickGelu: return normalize<kQuickGelu, false>(x, residual, table, y, l, chunk);
    case kNone: return normalize<kNone, false>(x, residual, table, y, l, chunk);
  }
}

void sum_gradients(Activation act, const bf16 *x, const bf16 *dy, const float *table, float *sums, const Layout &l,
                   int64_t chunk) {
  using enum Activation;
  switch (act) {
    case kRelu: return sum_gradients<kRelu>(x, dy, table, sums, l, chunk);
    case kQuickGelu: return sum_gradients<kQuickGelu>(x, dy, table, sums, l, chunk);
    case kNone: return sum_gradients<kNone>(x, dy, table, sums, l, chunk);
  }
}

void input_gradient(Activation act, const bf16 *x, const bf16 *dy, const float *table, bf16 *dx, const Layout &l,
                    int64_t chunk) {
  using enum Activation;
  switch (act) {
    case kRelu: return input_gradient<kRelu>(x, dy, table, dx, l, chunk);
    case kQuickGelu: return input_gradient<kQuickGelu>(x, dy, table, dx, l, chunk);
    case kNone: return input_gradient<kNone>(x, dy, table, dx, l, chunk);
  }
}

TARGET void mask_gradient(const bf16 *y, const bf16 *dy, bf16 *g, const Layout &l, int64_t chunk) {
  int64_t begin = chunk * l.chunk_rows() * l.lanes, end = begin + l.chunk_size(chunk) * l.lanes;
  for (int64_t i = begin; i < end; i += 32) {
    // As an integer a positive bf16 is positive.
    __mmask32 on = _mm512_cmpgt_epi16_mask(_mm512_loadu_si512(y + i), _mm512_setzero_si512());
    _mm512_storeu_si512(g + i, _mm512_maskz_loadu_epi16(on, dy + i));
  }
}

}  // namespace bridge::batch_norm

#else

namespace bridge::batch_norm {
void sum_inputs(const bf16 *, float *, const Layout &, int64_t) {}
void normalize(Activation, const bf16 *, const bf16 *, const float *, bf16 *, const Layout &, int64_t) {}
void sum_gradients(Activation, const bf16 *, const bf16 *, const float *, float *, const Layout &, int64_t) {}
void input_gradient(Activation, const bf16 *, const bf16 *, const float *, bf16 *, const Layout &, int64_t) {}
void mask_gradient(const bf16 *, const bf16 *, bf16 *, const Layout &, int64_t) {}
}  // namespace bridge::batch_norm

#endif
