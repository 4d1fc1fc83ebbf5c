// Step 5 gains because 24 sums stay in registers: a new product need not wait for the one before it, and what was
// loaded is used 6 and 4 times.

#include "bench/ladder/simd.h"
#include "tensor/cpu/kernels/unrolled.h"

namespace octet::ladder::OCTET_LADDER_ISA {
namespace {

using cpu::unrolled;

constexpr int kPanels = 4;

template <int rows>
void tile(const Args& args, std::int64_t m, std::int64_t n) {
  const std::uint8_t* panels = args.packed + n * args.k;
  const std::int8_t* x = args.x + m * args.k;
  Ints sums[rows][kPanels];
  unrolled<rows * kPanels>(
      [&](auto i) OCTET_INLINE { sums[i / kPanels][i % kPanels] = broadcast(start(args, m + i / kPanels)); });
  for (std::int64_t k = 0; k < args.k; k += 4) {
    Ints w[kPanels];
    unrolled<kPanels>([&](auto j) OCTET_INLINE { w[j] = load(panels + (j * args.k + k) * kLanes); });
    unrolled<rows>([&](auto i) OCTET_INLINE {
      const Ints four = broadcast_four(x + i * args.k + k);
      unrolled<kPanels>([&](auto j) OCTET_INLINE { sums[i][j] = dot(sums[i][j], w[j], four); });
    });
  }
  unrolled<rows * kPanels>([&](auto i) OCTET_INLINE {
    const std::int64_t row = m + i / kPanels, column = n + i % kPanels * kLanes;
    store_scaled(sums[i / kPanels][i % kPanels], args.x_scale[row], args.w_scale + column,
                 args.y + row * args.n + column);
  });
}

}  // namespace

/// The columns [first, last) of y, both multiples of kPanels * kLanes. The panels of a tile stay in the cache while all
/// rows pass.
void register_blocked(const Args& args, std::int64_t first, std::int64_t last) {
  for (std::int64_t n = first; n < last; n += kPanels * kLanes) {
    std::int64_t m = 0;
    for (; m + kRows <= args.m; m += kRows) {
      tile<kRows>(args, m, n);
    }
    for (; m < args.m; ++m) {
      tile<1>(args, m, n);
    }
  }
}

void register_blocked(const Args& args) {
  register_blocked(args, 0, args.n);
}

}  // namespace octet::ladder::OCTET_LADDER_ISA
