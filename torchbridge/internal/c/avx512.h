// What the kernels for AVX512-BF16 share. Functions carry their target, so that a file of kernels compiles and the
// binary runs on any x86-64; whoever calls them asks has_avx512_bf16 first.
#ifndef TORCHBRIDGE_AVX512_H
#define TORCHBRIDGE_AVX512_H

#include <cstdint>

namespace bridge {

using bf16 = uint16_t;

bool has_avx512_bf16();

}  // namespace bridge

#if defined(__x86_64__)
// GCC 12 warns of its own "undefined" vectors in this header (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define INLINE TARGET inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 24")

namespace bridge {

constexpr int64_t kLanes = 16;  // float32 values in a vector

INLINE __m512 load(const bf16 *p) {
  __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void store(bf16 *p, __m512 v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), (__m256i)_mm512_cvtneps_pbh(v));
}

INLINE __m512 load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, __m512 v) { _mm512_storeu_ps(p, v); }

// load_pairs reads a0 b0 a1 b1 …: 32 values cost two operations, where load costs two for 16.
INLINE void load_pairs(const bf16 *p, __m512 &a, __m512 &b) {
  __m512i both = _mm512_loadu_si512(p);
  a = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
  b = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(static_cast<int>(0xffff0000))));
}

// store_pairs writes a0 b0 a1 b1 ….
INLINE void store_pairs(bf16 *p, __m512 a, __m512 b) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  _mm512_storeu_si512(p, _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(b, a)));
}

}  // namespace bridge
#endif
#endif
