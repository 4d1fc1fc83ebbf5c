// Step 4 gains because each lane sums a column of its own, so that no lanes have to be added up in the end. With
// AVX-512 nothing is seen of it yet, since each product waits for the one before it; but step 5 is built on it. The
// weights are rearranged once, and then read from one end to the other.

#include "bench/ladder/simd.h"

namespace octet::ladder::OCTET_LADDER_ISA {

// Panel p holds the columns n = p * kLanes .. + kLanes - 1; in it, bytes 4 k' .. of lane c are codes 4 k' .. of column
// c:
//   packed[((p * K / 4 + k') * kLanes + c) * 4 + i] = code(p * kLanes + c, 4 k' + i) + kOffset
void pack(const Args& args, std::uint8_t* packed) {
  for (std::int64_t panel = 0; panel < args.n; panel += kLanes) {
    for (std::int64_t k = 0; k < args.k; k += 4) {
      for (std::int64_t n = panel; n < panel + kLanes; ++n) {
        for (std::int64_t i = 0; i < 4; ++i) {
          *packed++ = static_cast<std::uint8_t>(args.w[n * args.k + k + i] + kOffset);
        }
      }
    }
  }
}

void packed(const Args& args) {
  for (std::int64_t n = 0; n < args.n; n += kLanes) {
    const std::uint8_t* panel = args.packed + n * args.k;
    for (std::int64_t m = 0; m < args.m; ++m) {
      Ints sums = broadcast(start(args, m));
      for (std::int64_t k = 0; k < args.k; k += 4) {
        sums = dot(sums, load(panel + k * kLanes), broadcast_four(args.x + m * args.k + k));
      }
      store_scaled(sums, args.x_scale[m], args.w_scale + n, args.y + m * args.n + n);
    }
  }
}

}  // namespace octet::ladder::OCTET_LADDER_ISA
