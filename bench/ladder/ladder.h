#pragma once

#include <cstdint>

// The ladder: one product of bytes, written six times, each time faster. Every step computes
//
//     y[m, n] = (sum over k of x[m, k] * w[n, k]) * x_scale[m] * w_scale[n]
//
// with exact int32 sums, so all must give the same y, bit for bit. What has no place in a lesson is left out: N and K
// are multiples of 64 (remainders and groups: tensor/cpu/kernels/panels.h), and x comes as codes. docs/kernels.md walks
// through the steps.

namespace octet::ladder {

struct Args {
  std::int64_t m, n, k;
  const std::int8_t* x;        // (M, K) codes in [-127, 127]
  const std::int32_t* x_sum;   // (M) sum of each row of x
  const float* x_scale;        // (M)
  const std::int8_t* w;        // (N, K) codes in [-127, 127]
  const std::uint8_t* packed;  // w as 4_packed.cpp rearranges it
  const float* w_scale;        // (N)
  float* y;                    // (M, N)
};

void naive(const Args& args);
void blocked(const Args& args);

// The other steps exist once for each instruction set; simd.h says how they differ.
#define OCTET_LADDER_STEPS                                                        \
  void simd(const Args& args);                                                    \
  void pack(const Args& args, std::uint8_t* packed); /* N * K bytes */            \
  void packed(const Args& args);                                                  \
  void register_blocked(const Args& args);                                        \
  void register_blocked(const Args& args, std::int64_t first, std::int64_t last); \
  void threaded(const Args& args);

namespace avx512vnni {
OCTET_LADDER_STEPS
}
namespace avx2 {
OCTET_LADDER_STEPS
}

}  // namespace octet::ladder
