#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

struct SoftmaxSum {
  float max;
  float sum;
};

inline float row_max(const float* x, std::int64_t columns) {
  float max = x[0];
#pragma omp simd reduction(max : max)
  for (std::int64_t c = 0; c < columns; ++c) {
    max = maximum(x[c], max);
  }
  return max;
}

/// y = exp(x - max(x)); returns the maximum and the sum of y. The maximum is subtracted so that no exponential
/// overflows.
inline SoftmaxSum exponentials(const float* x, std::int64_t columns, float* y) {
  const float max = row_max(x, columns);
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t c = 0; c < columns; ++c) {
    y[c] = exponential(x[c] - max);
    sum += y[c];
  }
  return {max, sum};
}

inline void scale_row(float* y, std::int64_t columns, float factor) {
#pragma omp simd
  for (std::int64_t c = 0; c < columns; ++c) {
    y[c] *= factor;
  }
}

void softmax(const SoftmaxArgs& args) {
  parallel_each(args.rows * args.columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    float* y = args.y + row * args.columns;
    const SoftmaxSum total = exponentials(args.x + row * args.columns, args.columns, y);
    scale_row(y, args.columns, 1.0F / total.sum);
  });
}

// forward: y = exp(x - max) / sum; so dx = y * (dy - dot) with dot = sum(dy * y): see tensor/ops/softmax.h.
void softmax_backward(const SoftmaxBackwardArgs& args) {
  parallel_each(args.rows * args.columns >= kParallelElements, args.rows, [&](std::int64_t row) {
    const float* y = args.y + row * args.columns;
    const float* dy = args.dy + row * args.columns;
    float* dx = args.dx + row * args.columns;
    float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t c = 0; c < args.columns; ++c) {
      dot += dy[c] * y[c];
    }
#pragma omp simd
    for (std::int64_t c = 0; c < args.columns; ++c) {
      dx[c] = y[c] * (dy[c] - dot);
    }
  });
}

}  // namespace
}  // namespace octet::cpu
