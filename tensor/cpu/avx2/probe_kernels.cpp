#include <immintrin.h>

#include "tensor/cpu/kernels/probe.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

/// Products of bytes to pairs in int16, to sums of four in int32, to the sums: three instructions for 32 products.
ProbeResult int8_chain(std::int64_t steps) {
  const __m256i a = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1);
  __m256i b = _mm256_set1_epi8(-2);
  __m256i sums[kChains] = {};
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; ++chain) {
      asm("" : "+x"(b));  // as if b were another now: else the products would be computed once
      sums[chain] = _mm256_add_epi32(sums[chain], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  }
  double sum = 0;
  for (int chain = 0; chain < kChains; ++chain) {
    std::int32_t lanes[8];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sums[chain]);
    for (const std::int32_t lane : lanes) {
      sum += lane;
    }
  }
  const std::int64_t count = steps * kChains * 32;
  return {2 * count, sum / static_cast<double>(count)};
}

}  // namespace

ProbeKernels avx2_probe_kernels() {
  return {fp32_chain, int8_chain, read_stream};
}

}  // namespace octet::cpu
