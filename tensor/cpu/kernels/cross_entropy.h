#pragma once

#include "tensor/cpu/kernels/softmax.h"

namespace octet::cpu {
namespace {

// nll = log(sum(exp(logits))) - logits[target], the sum taken relative to the largest logit.
void cross_entropy(const CrossEntropyArgs& args) {
#pragma omp parallel for if (args.rows * args.vocabulary >= kParallelElements) schedule(static)
  for (std::int64_t row = 0; row < args.rows; ++row) {
    const float* logits = args.logits + row * args.vocabulary;
    const float max = row_max(logits, args.vocabulary);
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t v = 0; v < args.vocabulary; ++v) {
      sum += exponential(logits[v] - max);
    }
    const float log_sum = max + logarithm(sum);
    args.nll[row] = log_sum - logits[args.targets[row]];
    if (args.log_sum != nullptr) {
      args.log_sum[row] = log_sum;
    }
  }
}

// forward: nll = log(sum(exp(logits))) - logits[target]; so dlogits = scale * (softmax - onehot). The softmax is
// exp(logits - log_sum), with what was kept. dlogits may be the logits.
void cross_entropy_backward(const CrossEntropyBackwardArgs& args) {
#pragma omp parallel for if (args.rows * args.vocabulary >= kParallelElements) schedule(static)
  for (std::int64_t row = 0; row < args.rows; ++row) {
    const float* logits = args.logits + row * args.vocabulary;
    float* dlogits = args.dlogits + row * args.vocabulary;
    const float log_sum = args.log_sum[row];
#pragma omp simd
    for (std::int64_t v = 0; v < args.vocabulary; ++v) {
      dlogits[v] = args.scale * exponential(logits[v] - log_sum);
    }
    dlogits[args.targets[row]] -= args.scale;
  }
}

}  // namespace
}  // namespace octet::cpu
