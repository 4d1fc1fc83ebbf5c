#pragma once

#include <cstdint>

#include "tensor/kernels/formulas.h"

// What a clipped softmax changes in attention: weights W = max((1 - gamma) P + gamma, 0) in place of the probabilities
// P, and their gradient. Derived in tensor/ops/attention.h.

namespace octet::cpu {
namespace {

/// weights = the clipped weights of the probabilities x * factor; may be x itself.
inline void clip_row(const float* x, std::int64_t count, float factor, float gamma, float* weights) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    weights[i] = clipped_weight(x[i] * factor, gamma);
  }
}

/// forward: W = max((1 - gamma) P + gamma, 0); so dP = (1 - gamma) dW where W > 0.
/// forward: P = softmax(S); so dS = P * (dP - sum(dP * P)), in place of dW. Of one row.
inline void clipped_row_gradient(const float* p, std::int64_t count, float gamma, float* gradient) {
  float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
  for (std::int64_t i = 0; i < count; ++i) {
    gradient[i] *= clipped_weight_gradient(p[i], gamma);
    dot += gradient[i] * p[i];
  }
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    gradient[i] = p[i] * (gradient[i] - dot);
  }
}

}  // namespace
}  // namespace octet::cpu
