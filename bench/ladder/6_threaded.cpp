// Step 6 gains because all processors work, each on columns of its own: they write to different places, and share no
// sum.

#include "bench/ladder/simd.h"

namespace octet::ladder::OCTET_LADDER_ISA {

void threaded(const Args& args) {
  constexpr std::int64_t kColumns = 64;
#pragma omp parallel for schedule(static)
  for (std::int64_t n = 0; n < args.n; n += kColumns) {
    register_blocked(args, n, n + kColumns);
  }
}

}  // namespace octet::ladder::OCTET_LADDER_ISA
