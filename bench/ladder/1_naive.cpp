// Step 1, the definition: one product at a time. It is the reference for all others.

#include "bench/ladder/ladder.h"

namespace octet::ladder {

void naive(const Args& args) {
  for (std::int64_t m = 0; m < args.m; ++m) {
    for (std::int64_t n = 0; n < args.n; ++n) {
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < args.k; ++k) {
        sum += args.x[m * args.k + k] * args.w[n * args.k + k];
      }
      args.y[m * args.n + n] = static_cast<float>(sum) * args.x_scale[m] * args.w_scale[n];
    }
  }
}

}  // namespace octet::ladder
