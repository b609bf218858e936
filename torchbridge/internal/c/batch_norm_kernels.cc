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

TARGET void normalize(const bf16 *x, const float *table, bf16 *y, const Layout &l, int64_t chunk) {
  int64_t rows = l.chunk_size(chunk), first = chunk * l.chunk_rows() * l.lanes;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    Pair scale = read(table + lane), offset = read(table + l.lanes + lane);
    for (int64_t row = 0; row < rows; row++) {
      int64_t at = first + row * l.lanes + lane;
      Pair a = read(x + at);
      UNROLL for (int i = 0; i < 2; i++) {
        a.v[i] = _mm512_max_ps(_mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]), _mm512_setzero_ps());
      }
      write(y + at, a);
    }
  }
}

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
      Pair a = read(x + row * l.lanes + lane), g = read(dy + row * l.lanes + lane);
      UNROLL for (int i = 0; i < 2; i++) {
        __mmask16 on = _mm512_cmp_ps_mask(_mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]), _mm512_setzero_ps(),
                                          _CMP_GT_OQ);
        sum[chain].v[i] = _mm512_mask_add_ps(sum[chain].v[i], on, sum[chain].v[i], g.v[i]);
        product[chain].v[i] = _mm512_mask3_fmadd_ps(g.v[i], a.v[i] - mean.v[i], product[chain].v[i], on);
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

TARGET void input_gradient(const bf16 *x, const bf16 *dy, const float *table, bf16 *dx, const Layout &l,
                           int64_t chunk) {
  int64_t rows = l.chunk_size(chunk), first = chunk * l.chunk_rows() * l.lanes;
  for (int64_t lane = 0; lane < l.lanes; lane += 32) {
    const float *p = table + lane;
    Pair scale = read(p), offset = read(p + l.lanes), linear = read(p + 2 * l.lanes), constant = read(p + 3 * l.lanes);
    for (int64_t row = 0; row < rows; row++) {
      int64_t at = first + row * l.lanes + lane;
      Pair a = read(x + at), g = read(dy + at);
      UNROLL for (int i = 0; i < 2; i++) {
        __mmask16 on = _mm512_cmp_ps_mask(_mm512_fmadd_ps(a.v[i], scale.v[i], offset.v[i]), _mm512_setzero_ps(),
                                          _CMP_GT_OQ);
        __m512 rest = _mm512_fmadd_ps(a.v[i], linear.v[i], constant.v[i]);
        a.v[i] = _mm512_mask3_fmadd_ps(g.v[i], scale.v[i], rest, on);
      }
      write(dx + at, a);
    }
  }
}

}  // namespace bridge::batch_norm

#else

namespace bridge::batch_norm {
void sum_inputs(const bf16 *, float *, const Layout &, int64_t) {}
void normalize(const bf16 *, const float *, bf16 *, const Layout &, int64_t) {}
void sum_gradients(const bf16 *, const bf16 *, const float *, float *, const Layout &, int64_t) {}
void input_gradient(const bf16 *, const bf16 *, const float *, bf16 *, const Layout &, int64_t) {}
}  // namespace bridge::batch_norm

#endif
