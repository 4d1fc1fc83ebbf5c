#include "train/newton_schulz.h"

#include <algorithm>
#include <cmath>

#include "tensor/backend.h"

namespace octet {
namespace {

/// Kept away from zero, for a zero matrix.
constexpr double kSmallestNorm = 1e-20;

void divide_by_norm(float* x, std::int64_t count) {
  const double norm = std::sqrt(kernels().sum_squares({.count = count, .x = x}));
  const auto factor = static_cast<float>(1.0 / std::max(norm, kSmallestNorm));
  kernels().axpby({.count = count, .a = factor, .b = 0.0F, .x = x, .y = x});
}

}  // namespace

void NewtonSchulz::orthogonalise(float* x, std::int64_t rows, std::int64_t columns) {
  const bool wide = rows <= columns;
  const std::int64_t side = wide ? rows : columns;
  const std::int64_t count = rows * columns;
  gram_.resize(std::max(gram_.size(), static_cast<std::size_t>(side * side)));
  polynomial_.resize(gram_.size());
  next_.resize(std::max(next_.size(), static_cast<std::size_t>(count)));
  float* const gram = gram_.data();
  float* const polynomial = polynomial_.data();
  const auto& gemm = kernels().gemm;

  divide_by_norm(x, count);
  float* now = x;
  float* next = next_.data();
  for (int i = 0; i < kIterations; ++i) {
    gemm({.transpose_a = !wide,
          .transpose_b = wide,
          .m = side,
          .n = side,
          .k = wide ? columns : rows,
          .a = now,
          .lda = columns,
          .b = now,
          .ldb = columns,
          .c = gram,
          .ldc = side});
    std::copy_n(gram, side * side, polynomial);
    gemm({.m = side,
          .n = side,
          .k = side,
          .a = gram,
          .lda = side,
          .b = gram,
          .ldb = side,
          .c = polynomial,
          .ldc = side,
          .alpha = kC,
          .beta = kB});
    std::copy_n(now, count, next);
    gemm({.m = rows,
          .n = columns,
          .k = side,
          .a = wide ? polynomial : now,
          .lda = wide ? side : columns,
          .b = wide ? now : polynomial,
          .ldb = wide ? columns : side,
          .c = next,
          .ldc = columns,
          .beta = kA});
    std::swap(now, next);
  }
  if (now != x) {
    std::copy_n(now, count, x);
  }
}

}  // namespace octet
