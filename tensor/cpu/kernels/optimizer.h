#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

void adamw(const AdamWArgs& args) {
  const float decay = 1.0F - args.learning_rate * args.weight_decay;
  const float step = args.learning_rate / args.first_correction;
  const float root_correction = 1.0F / square_root(args.second_correction);
#pragma omp parallel for simd if (parallel : args.count >= kParallelElements) schedule(static)
  for (std::int64_t i = 0; i < args.count; ++i) {
    const float gradient = args.grad[i] * args.grad_scale;
    const float m = args.beta1 * args.first_moment[i] + (1.0F - args.beta1) * gradient;
    const float v = args.beta2 * args.second_moment[i] + (1.0F - args.beta2) * gradient * gradient;
    args.first_moment[i] = m;
    args.second_moment[i] = v;
    args.weight[i] = decay * args.weight[i] - step * m / (square_root(v) * root_correction + args.epsilon);
  }
}

}  // namespace
}  // namespace octet::cpu
