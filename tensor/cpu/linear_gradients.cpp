#include <algorithm>

#include "base/parallel.h"
#include "tensor/cpu/memory.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

// Rows [first, first + count) of dx (rows, K) = dy (rows, N) W (N, K).
void input_gradient(const LinearBackwardArgs& of, GemmFunction gemm, std::int64_t first, std::int64_t count) {
  gemm({.m = count,
        .n = of.k,
        .k = of.n,
        .a = of.dy + first * of.n,
        .lda = of.n,
        .b = of.weight,
        .ldb = of.k,
        .c = of.dx + first * of.k,
        .ldc = of.k});
}

// dW (N, K) = dy^T (N, rows) x (rows, K) + beta dW, of rows [first, first + count).
void weight_gradient(const LinearBackwardArgs& of, GemmFunction gemm, std::int64_t first, std::int64_t count, float* dw,
                     float beta) {
  gemm({.transpose_a = true,
        .m = of.n,
        .n = of.k,
        .k = count,
        .a = of.dy + first * of.n,
        .lda = of.n,
        .b = of.x + first * of.k,
        .ldb = of.k,
        .c = dw,
        .ldc = of.k,
        .beta = beta});
}

// Both gradients read dy. Where dW is small enough to stay in the second-level cache of a core, each thread takes a
// share of the rows and works on both while a block of dy is at hand; its own dW is added to those of the others in
// order.
constexpr std::int64_t kSharedRows = 128;
constexpr std::int64_t kSmallWeight = 256 << 10;

bool pays_to_share_blocks(const LinearBackwardArgs& of) {
  return of.dx != nullptr && of.dw != nullptr && of.n * of.k <= kSmallWeight &&
         of.rows >= 4 * kSharedRows * thread_count();
}

void by_blocks(const LinearBackwardArgs& of, GemmFunction gemm) {
  const std::int64_t shares = thread_count(), weights = of.n * of.k;
  const auto bytes = static_cast<std::size_t>((shares - 1) * weights) * sizeof(float);
  auto* const others = static_cast<float*>(allocate(bytes));  // dW of all threads but the first
  parallel_for(shares, 1, [&](std::int64_t share, std::int64_t) {
    float* const dw = share == 0 ? of.dw : others + (share - 1) * weights;
    const std::int64_t begin = of.rows * share / shares, end = of.rows * (share + 1) / shares;
    for (std::int64_t first = begin; first < end; first += kSharedRows) {
      const std::int64_t count = std::min(kSharedRows, end - first);
      input_gradient(of, gemm, first, count);
      weight_gradient(of, gemm, first, count, dw, first == begin ? 0.0F : 1.0F);
    }
  });
  constexpr std::int64_t kGrain = 8192;
  parallel_for(weights, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t share = 1; share < shares; ++share) {
      const float* const other = others + (share - 1) * weights;
      for (std::int64_t i = begin; i < end; ++i) {
        of.dw[i] += other[i];
      }
    }
  });
  release(others, bytes);
}

}  // namespace

void linear_gradients(const LinearBackwardArgs& args, GemmFunction gemm) {
  if (pays_to_share_blocks(args)) {
    by_blocks(args, gemm);
    return;
  }
  if (args.dx != nullptr) {
    input_gradient(args, gemm, 0, args.rows);
  }
  if (args.dw != nullptr) {
    weight_gradient(args, gemm, 0, args.rows, args.dw, 0.0F);
  }
}

}  // namespace octet::cpu
