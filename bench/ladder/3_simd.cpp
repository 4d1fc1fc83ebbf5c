// Step 3 gains because one instruction multiplies 64 pairs of bytes (AVX-512 VNNI) instead of one.

#include "bench/ladder/simd.h"

namespace octet::ladder::OCTET_LADDER_ISA {

void simd(const Args& args) {
  constexpr std::int64_t kBytes = 4 * kLanes;
  for (std::int64_t n = 0; n < args.n; ++n) {
    const std::int8_t* w = args.w + n * args.k;
    for (std::int64_t m = 0; m < args.m; ++m) {
      const std::int8_t* x = args.x + m * args.k;
      Ints sums = broadcast(0);
      for (std::int64_t k = 0; k < args.k; k += kBytes) {
        sums = dot(sums, load_weights(w + k), load(x + k));
      }
      const std::int32_t sum = sum_of_lanes(sums) + start(args, m);
      args.y[m * args.n + n] = static_cast<float>(sum) * args.x_scale[m] * args.w_scale[n];
    }
  }
}

}  // namespace octet::ladder::OCTET_LADDER_ISA
