// Step 2 gains, a little, because a byte that was loaded is used several times: 2 rows by 4 columns at once need 6
// loads for 8 products, where the definition needs 16.

#include "bench/ladder/ladder.h"

namespace octet::ladder {
namespace {

constexpr std::int64_t kRows = 2, kColumns = 4;

template <std::int64_t rows>
void block(const Args& args, std::int64_t m, std::int64_t n) {
  std::int32_t sums[rows][kColumns] = {};
  const std::int8_t* x = args.x + m * args.k;
  const std::int8_t* w = args.w + n * args.k;
  for (std::int64_t k = 0; k < args.k; ++k) {
#pragma GCC unroll 2
    for (std::int64_t i = 0; i < rows; ++i) {
#pragma GCC unroll 4
      for (std::int64_t j = 0; j < kColumns; ++j) {
        sums[i][j] += x[i * args.k + k] * w[j * args.k + k];
      }
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < kColumns; ++j) {
      args.y[(m + i) * args.n + n + j] = static_cast<float>(sums[i][j]) * args.x_scale[m + i] * args.w_scale[n + j];
    }
  }
}

}  // namespace

void blocked(const Args& args) {
  for (std::int64_t n = 0; n < args.n; n += kColumns) {
    std::int64_t m = 0;
    for (; m + kRows <= args.m; m += kRows) {
      block<kRows>(args, m, n);
    }
    for (; m < args.m; ++m) {
      block<1>(args, m, n);
    }
  }
}

}  // namespace octet::ladder
