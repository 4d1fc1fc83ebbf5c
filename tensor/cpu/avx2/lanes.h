#pragma once

#include <cstdint>

#include <immintrin.h>

#include "tensor/dtype.h"

// 16 lanes as two AVX2 registers: one panel. See tensor/cpu/kernels/panels.h.

namespace octet::cpu {
namespace {

/// Lanes 0 .. count - 1 of eight as a mask of vmaskmov.
__m256i first_lanes(std::int64_t count) {
  const int lanes = count >= 8 ? 8 : static_cast<int>(count);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

struct Floats16 {
  __m256 low, high;
};
struct Ints16 {
  __m256i low, high;
};

struct Avx2 {
  using Float = Floats16;
  static constexpr int kWidePanels = 1;

  static Float broadcast(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  static Float load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static Float load(const Float16* p) {
    const auto* halves = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
  }
  static Float load_first(const float* p, std::int64_t count) {
    return {_mm256_maskload_ps(p, first_lanes(count)), _mm256_maskload_ps(p + 8, first_lanes(count - 8))};
  }
  static void store(float* p, Float v) {
    _mm256_storeu_ps(p, v.low);
    _mm256_storeu_ps(p + 8, v.high);
  }
  static void store_first(float* p, std::int64_t count, Float v) {
    _mm256_maskstore_ps(p, first_lanes(count), v.low);
    _mm256_maskstore_ps(p + 8, first_lanes(count - 8), v.high);
  }
  static void store_first(std::int32_t* p, std::int64_t count, Ints16 v) {
    _mm256_maskstore_epi32(p, first_lanes(count), v.low);
    _mm256_maskstore_epi32(p + 8, first_lanes(count - 8), v.high);
  }
  static Float multiply(Float a, Float b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
  static Float multiply_add(Float a, Float b, Float c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
  }
};

}  // namespace
}  // namespace octet::cpu
