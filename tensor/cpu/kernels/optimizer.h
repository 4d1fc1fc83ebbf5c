#pragma once

#include "tensor/cpu/kernels/elementwise.h"

namespace octet::cpu {
namespace {

void adamw(const AdamWArgs& args) {
  const AdamWStep step = adamw_step(args);
#pragma omp parallel for simd if (parallel : args.count >= kParallelElements) schedule(static)
  for (std::int64_t i = 0; i < args.count; ++i) {
    adamw_update(step, args.grad[i], args.first_moment[i], args.second_moment[i], args.weight[i]);
  }
}

}  // namespace
}  // namespace octet::cpu
