#pragma once

#include "tensor/cpu/avx512/lanes.h"
#include "tensor/cpu/kernels/math.h"
#include "tensor/kernels/int_kernels.h"

namespace octet::cpu {
namespace {

__m512i codes_of(__m512 values, __m512 inverse) {
  const __m512 scaled = _mm512_mul_ps(values, inverse);
  const __m512 clamped = _mm512_max_ps(_mm512_min_ps(scaled, _mm512_set1_ps(127.0F)), _mm512_set1_ps(-127.0F));
  return _mm512_cvtps_epi32(clamped);  // rounds half to even
}

/// 64 codes at once: four registers of int32 become one of bytes. The packing works within 128-bit quarters, so the
/// quarters of four values each come out of order, and a permutation puts them right.
__m512i pack_bytes(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i words = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, words);
}

/// Codes of one group; returns their sum. Padding gets codes 0 because masked loads give 0.
std::int32_t quantize_group(const float* x, std::int64_t columns, std::int64_t padded, float scale_inverse,
                            std::int8_t* codes) {
  const __m512 inverse = _mm512_set1_ps(scale_inverse);
  __m512i sum = _mm512_setzero_si512();
  std::int64_t k = 0;
  for (; k + 64 <= columns; k += 64) {
    const __m512i bytes =
        pack_bytes(codes_of(_mm512_loadu_ps(x + k), inverse), codes_of(_mm512_loadu_ps(x + k + 16), inverse),
                   codes_of(_mm512_loadu_ps(x + k + 32), inverse), codes_of(_mm512_loadu_ps(x + k + 48), inverse));
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), bytes);
    _mm512_storeu_si512(codes + k, bytes);
  }
  for (; k < padded; k += 16) {
    const __mmask16 real = columns > k ? first_lanes(columns - k) : static_cast<__mmask16>(0);
    const __m512i code = codes_of(_mm512_maskz_loadu_ps(real, x + k), inverse);
    sum = _mm512_add_epi32(sum, code);
    _mm_mask_storeu_epi8(codes + k, first_lanes(padded - k), _mm512_cvtepi32_epi8(code));
  }
  return _mm512_reduce_add_epi32(sum);
}

/// The largest |x| as the bits of a float: as integers they are ordered alike, with infinity and NaN above all others.
int largest_bits(const float* x, std::int64_t columns) {
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i largest = _mm512_setzero_si512(), other = _mm512_setzero_si512();
  std::int64_t k = 0;
  for (; k + 32 <= columns; k += 32) {
    largest = _mm512_max_epi32(largest, _mm512_and_si512(_mm512_loadu_si512(x + k), magnitude));
    other = _mm512_max_epi32(other, _mm512_and_si512(_mm512_loadu_si512(x + k + 16), magnitude));
  }
  for (; k < columns; k += 16) {
    const __m512i bits = _mm512_maskz_loadu_epi32(first_lanes(columns - k), x + k);
    largest = _mm512_max_epi32(largest, _mm512_and_si512(bits, magnitude));
  }
  return _mm512_reduce_max_epi32(_mm512_max_epi32(largest, other));
}

}  // namespace
}  // namespace octet::cpu
