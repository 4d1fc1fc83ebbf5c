#pragma once

#include <vector>

#include "base/random.h"
#include "tensor/kernels/float_kernels.h"

namespace octet::cuda {

/// Whole numbers in [-8, 8]: sums of their products are exact in FP32 and TF32, so results are compared with ==.
template <typename T>
std::vector<T> whole_numbers(std::int64_t count, std::uint64_t stream) {
  const Random random(1, stream);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(static_cast<int>(random.below(i, 17)) - 8);
  }
  return values;
}

/// A row-major product whose rows and matrices have gaps between them.
struct GemmSample {
  GemmSample(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
             std::int64_t batch = 1) {
    args = {.transpose_a = transpose_a, .transpose_b = transpose_b, .m = m, .n = n, .k = k};
    args.lda = (transpose_a ? m : k) + 1;
    args.ldb = (transpose_b ? k : n) + 2;
    args.ldc = n + 3;
    args.alpha = 0.5F;
    args.beta = -2.0F;
    args.batch = batch;
    args.stride_a = (transpose_a ? k : m) * args.lda + 4;
    args.stride_b = (transpose_b ? n : k) * args.ldb + 5;
    args.stride_c = m * args.ldc + 6;
    a = whole_numbers<float>(batch * args.stride_a, 1);
    b = whole_numbers<float>(batch * args.stride_b, 2);
    c = whole_numbers<float>(batch * args.stride_c, 3);
    args.a = a.data();
    args.b = b.data();
    args.c = c.data();
  }
  GemmSample(const GemmSample&) = delete;  // args point into it
  GemmSample& operator=(const GemmSample&) = delete;

  /// Of one product, with beta 0.
  void add_residual() {
    residual = whole_numbers<float>(static_cast<std::int64_t>(c.size()), 4);
    args.residual = residual.data();
    args.beta = 0.0F;
  }

  /// What c should become by the definition of GemmArgs, with a bias (N) where one is given. The gaps stay.
  std::vector<float> expected(const std::vector<float>& bias = {}) const {
    std::vector<float> result = c;
    for (std::int64_t index = 0; index < args.batch; ++index) {
      for (std::int64_t row = 0; row < args.m; ++row) {
        for (std::int64_t column = 0; column < args.n; ++column) {
          double sum = 0.0;
          for (std::int64_t i = 0; i < args.k; ++i) {
            const std::int64_t in_a = args.transpose_a ? i * args.lda + row : row * args.lda + i;
            const std::int64_t in_b = args.transpose_b ? column * args.ldb + i : i * args.ldb + column;
            sum += double{args.a[index * args.stride_a + in_a]} * args.b[index * args.stride_b + in_b];
          }
          const auto at = static_cast<std::size_t>(index * args.stride_c + row * args.ldc + column);
          const float added =
              (bias.empty() ? 0.0F : bias[static_cast<std::size_t>(column)]) + (residual.empty() ? 0.0F : residual[at]);
          const float kept = args.beta == 0.0F ? 0.0F : args.beta * result[at];
          result[at] = static_cast<float>(args.alpha * sum + kept + added);
        }
      }
    }
    return result;
  }

  GemmArgs args;
  std::vector<float> a, b, c, residual;
};

}  // namespace octet::cuda
