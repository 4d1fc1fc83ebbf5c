#include <immintrin.h>

#include "tensor/cpu/kernels/probe.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

/// `vpdpbusd`: 64 products of bytes and their addition to 16 sums in one instruction.
ProbeResult int8_chain(std::int64_t steps) {
  const __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(-2);
  __m512i sums[kChains];
  for (int chain = 0; chain < kChains; ++chain) {
    // Chains differ, else the compiler would compute one for all of them. Their starts add up to 0: -11, -9, ..., 11.
    sums[chain] = _mm512_set1_epi32(2 * chain - (kChains - 1));
  }
  // GCC 12 copies every sum to another register once per turn of the outer loop: a few per cent of 16 steps.
#pragma GCC unroll 16
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; ++chain) {
      sums[chain] = _mm512_dpbusd_epi32(sums[chain], a, b);
    }
  }
  double sum = 0;
  for (int chain = 0; chain < kChains; ++chain) {
    std::int32_t lanes[16];
    _mm512_storeu_si512(lanes, sums[chain]);
    for (const std::int32_t lane : lanes) {
      sum += lane;
    }
  }
  const std::int64_t count = steps * kChains * 64;
  return {2 * count, sum / static_cast<double>(count)};
}

}  // namespace

ProbeKernels avx512vnni_probe_kernels() {
  return {fp32_chain, int8_chain, read_stream};
}

}  // namespace octet::cpu
