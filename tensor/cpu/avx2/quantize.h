#pragma once

#include "tensor/cpu/avx2/lanes.h"
#include "tensor/kernels/int_kernels.h"

namespace octet::cpu {
namespace {

std::int32_t sum_lanes(__m256i v) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
}

std::int32_t max_lanes(__m256i v) {
  __m128i max = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  max = _mm_max_epi32(max, _mm_shuffle_epi32(max, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(max, _mm_shuffle_epi32(max, 0xB1)));
}

/// Codes of one group, 8 at a time; returns their sum. Padding gets codes 0 because masked loads give 0.
std::int32_t quantize_group(const float* x, std::int64_t columns, std::int64_t padded, float scale_inverse,
                            std::int8_t* codes) {
  const __m256 inverse = _mm256_set1_ps(scale_inverse);
  __m256i sum = _mm256_setzero_si256();
  for (std::int64_t k = 0; k < padded; k += 8) {
    const __m256 values =
        k + 8 <= columns ? _mm256_loadu_ps(x + k) : _mm256_maskload_ps(x + k, first_lanes(columns - k));
    const __m256 scaled = _mm256_mul_ps(values, inverse);
    const __m256 clamped = _mm256_max_ps(_mm256_min_ps(scaled, _mm256_set1_ps(127.0F)), _mm256_set1_ps(-127.0F));
    const __m256i code = _mm256_cvtps_epi32(clamped);  // rounds half to even
    sum = _mm256_add_epi32(sum, code);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(codes + k), _mm_packs_epi16(words, words));
  }
  return sum_lanes(sum);
}

/// The largest |x| as the bits of a float: as integers they are ordered alike, with infinity and NaN above all others.
int largest_bits(const float* x, std::int64_t columns) {
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  __m256i largest = _mm256_setzero_si256();
  std::int64_t k = 0;
  for (; k + 8 <= columns; k += 8) {
    largest = _mm256_max_epi32(largest, _mm256_and_si256(_mm256_castps_si256(_mm256_loadu_ps(x + k)), magnitude));
  }
  const __m256 rest = _mm256_maskload_ps(x + k, first_lanes(columns - k));
  return max_lanes(_mm256_max_epi32(largest, _mm256_and_si256(_mm256_castps_si256(rest), magnitude)));
}

}  // namespace
}  // namespace octet::cpu
