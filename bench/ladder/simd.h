#pragma once

#include <immintrin.h>

#include "bench/ladder/ladder.h"

// What the steps need of a vector unit. CMake compiles them twice, with AVX-512 VNNI and with AVX2 alone. Everything is
// in an anonymous namespace: see "Instruction sets" in docs/architecture.md.

#ifdef __AVX512VNNI__
#define OCTET_LADDER_ISA avx512vnni
#else
#define OCTET_LADDER_ISA avx2
#endif

namespace octet::ladder::OCTET_LADDER_ISA {
namespace {

#ifdef __AVX512VNNI__

// A vector of int, not __m512i: GCC 12 would copy every sum before and after it is added to.
using Ints = int __attribute__((vector_size(64)));
constexpr std::int64_t kLanes = 16;  // int32 sums in a register; each takes 4 products of bytes at once
constexpr int kRows = 6;             // 6 rows x 4 registers of sums and 4 of weights: 28 of 32 registers

// `vpdpbusd` multiplies unsigned by signed bytes, so weights are stored as code + 128. A sum is then too large by
// 128 * (sum of the row of x), which is known, and with which it starts.
constexpr int kOffset = 128;
inline Ints dot(Ints sums, Ints w, Ints x) {
  return (Ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)w, (__m512i)x);
}

inline Ints broadcast(std::int32_t value) {
  return (Ints)_mm512_set1_epi32(value);
}
inline Ints load(const void* bytes) {
  return (Ints)_mm512_loadu_si512(bytes);
}
/// Signed codes as `dot` takes weights.
inline Ints load_weights(const std::int8_t* codes) {
  return load(codes) ^ (Ints)_mm512_set1_epi8(-128);
}
inline std::int32_t sum_of_lanes(Ints sums) {
  return _mm512_reduce_add_epi32((__m512i)sums);
}
inline void store_scaled(Ints sums, float x_scale, const float* w_scale, float* y) {
  const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps((__m512i)sums), _mm512_set1_ps(x_scale));
  _mm512_storeu_ps(y, _mm512_mul_ps(scaled, _mm512_loadu_ps(w_scale)));
}

#else

using Ints = __m256i;
constexpr std::int64_t kLanes = 8;
constexpr int kRows = 2;  // 2 rows x 4 registers of sums, and 5 more: 13 of 16 registers

// `vpmaddubsw` multiplies unsigned by signed bytes as well, but adds pairs in 16 bits and saturates: 2 * 255 * 127
// would be cut off. |x| * (w with the sign of x) is the same product, and since no code is -128, a pair is at most
// 2 * 127 * 127 = 32258, below 32767.
constexpr int kOffset = 0;
inline Ints dot(Ints sums, Ints w, Ints x) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(w, x));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

inline Ints broadcast(std::int32_t value) {
  return _mm256_set1_epi32(value);
}
inline Ints load(const void* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
inline Ints load_weights(const std::int8_t* codes) {
  return load(codes);
}
inline std::int32_t sum_of_lanes(Ints sums) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0b1110));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0b01)));
}
inline void store_scaled(Ints sums, float x_scale, const float* w_scale, float* y) {
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps(x_scale));
  _mm256_storeu_ps(y, _mm256_mul_ps(scaled, _mm256_loadu_ps(w_scale)));
}

#endif

/// Four codes of x in every lane.
inline Ints broadcast_four(const std::int8_t* codes) {
  std::int32_t four;
  __builtin_memcpy(&four, codes, 4);
  return broadcast(four);
}

/// What the sums of row m start with.
inline std::int32_t start(const Args& args, std::int64_t m) {
  return -kOffset * args.x_sum[m];
}

}  // namespace
}  // namespace octet::ladder::OCTET_LADDER_ISA
