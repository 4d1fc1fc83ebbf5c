#include <algorithm>

#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

// The lower triangle becomes the mirror image of the upper one; tile by tile, so that both stay in the cache.
void mirror(float* c, std::int64_t side, std::int64_t stride) {
  constexpr std::int64_t kTile = 16;
  for (std::int64_t i0 = 0; i0 < side; i0 += kTile) {
    for (std::int64_t j0 = i0; j0 < side; j0 += kTile) {
      for (std::int64_t j = j0; j < std::min(j0 + kTile, side); ++j) {
        for (std::int64_t i = i0; i < std::min({i0 + kTile, side, j}); ++i) {
          c[j * stride + i] = c[i * stride + j];
        }
      }
    }
  }
}

}  // namespace

// Strips of rows, each from the diagonal to the right.
void symmetric_gemm(const GemmArgs& args, GemmFunction gemm) {
  const std::int64_t strip_rows = args.m <= 256 ? 64 : 128;
  for (std::int64_t first = 0; first < args.m; first += strip_rows) {
    GemmArgs strip = args;
    strip.m = std::min(strip_rows, args.m - first);
    strip.n = args.n - first;
    strip.a += first * (args.transpose_a ? 1 : args.lda);
    strip.b += first * (args.transpose_b ? args.ldb : 1);
    strip.c += first * (args.ldc + 1);
    gemm(strip);
  }
  mirror(args.c, args.m, args.ldc);
}

}  // namespace octet::cpu
