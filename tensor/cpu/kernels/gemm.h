#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

inline float element(const float* matrix, std::int64_t stride, bool transposed, std::int64_t row, std::int64_t column) {
  return transposed ? matrix[column * stride + row] : matrix[row * stride + column];
}

// One block of C. op(B) is copied to a small panel whose rows are contiguous, so the innermost loop runs along columns
// of C and vectorises for every combination of transpositions.
void gemm_block(const GemmArgs& args, const float* a, const float* b, float* c, std::int64_t row_begin,
                std::int64_t row_end) {
  constexpr std::int64_t kDepth = 128, kColumns = 64;  // panel of 32 KiB: fits the first-level cache
  float panel[kDepth * kColumns];
  for (std::int64_t n0 = 0; n0 < args.n; n0 += kColumns) {
    const std::int64_t columns = n0 + kColumns < args.n ? kColumns : args.n - n0;
    for (std::int64_t m = row_begin; m < row_end; ++m) {
      for (std::int64_t n = 0; n < columns; ++n) {
        float& value = c[m * args.ldc + n0 + n];
        value = args.beta == 0.0F ? 0.0F : value * args.beta;
      }
    }
    for (std::int64_t k0 = 0; k0 < args.k; k0 += kDepth) {
      const std::int64_t depth = k0 + kDepth < args.k ? kDepth : args.k - k0;
      for (std::int64_t k = 0; k < depth; ++k) {
        for (std::int64_t n = 0; n < columns; ++n) {
          panel[k * kColumns + n] = element(b, args.ldb, args.transpose_b, k0 + k, n0 + n);
        }
      }
      for (std::int64_t m = row_begin; m < row_end; ++m) {
        float* out = c + m * args.ldc + n0;
        for (std::int64_t k = 0; k < depth; ++k) {
          const float scaled = args.alpha * element(a, args.lda, args.transpose_a, m, k0 + k);
#pragma omp simd
          for (std::int64_t n = 0; n < columns; ++n) {
            out[n] += scaled * panel[k * kColumns + n];
          }
        }
      }
    }
  }
}

/// The readable product of the generic backend: blocked for the caches, threads over blocks of rows.
void blocked_gemm(const GemmArgs& args) {
  constexpr std::int64_t kRows = 64;
  const std::int64_t row_blocks = (args.m + kRows - 1) / kRows;
#pragma omp parallel for if (args.batch * args.m * args.n >= kParallelElements) schedule(static)
  for (std::int64_t task = 0; task < args.batch * row_blocks; ++task) {
    const std::int64_t index = task / row_blocks, begin = task % row_blocks * kRows;
    const std::int64_t end = begin + kRows < args.m ? begin + kRows : args.m;
    gemm_block(args, args.a + index * args.stride_a, args.b + index * args.stride_b, args.c + index * args.stride_c,
               begin, end);
  }
}

/// What products of the library leave out.
void add_bias_and_residual(const GemmArgs& args) {
  if (args.bias == nullptr && args.residual == nullptr) {
    return;
  }
  parallel_each(args.batch * args.m * args.n >= kParallelElements, args.batch * args.m, [&](std::int64_t row) {
    float* c = args.c + row / args.m * args.stride_c + row % args.m * args.ldc;
    if (args.bias != nullptr) {
#pragma omp simd
      for (std::int64_t n = 0; n < args.n; ++n) {
        c[n] += args.bias[n];
      }
    }
    if (args.residual != nullptr) {
      const float* residual = args.residual + row * args.ldc;
#pragma omp simd
      for (std::int64_t n = 0; n < args.n; ++n) {
        c[n] += residual[n];
      }
    }
  });
}

}  // namespace
}  // namespace octet::cpu
