#pragma once

#include <cstdint>

#include <immintrin.h>

#include "tensor/dtype.h"

// 16 lanes of AVX-512: one panel. See tensor/cpu/kernels/panels.h.

namespace octet::cpu {
namespace {

__mmask16 first_lanes(std::int64_t count) {
  return count >= 16 ? 0xFFFF : static_cast<__mmask16>((1U << count) - 1U);
}

struct Avx512 {
  using Float = __m512;
  static constexpr int kWidePanels = 4;

  static Float broadcast(float value) { return _mm512_set1_ps(value); }
  static Float load(const float* p) { return _mm512_loadu_ps(p); }
  static Float load(const Float16* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Float load_first(const float* p, std::int64_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), p); }
  static void store(float* p, Float v) { _mm512_storeu_ps(p, v); }
  static void store_first(float* p, std::int64_t count, Float v) { _mm512_mask_storeu_ps(p, first_lanes(count), v); }
  static void store_first(std::int32_t* p, std::int64_t count, __m512i v) {
    _mm512_mask_storeu_epi32(p, first_lanes(count), v);
  }
  static Float multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace
}  // namespace octet::cpu
