#pragma once

#include "tensor/kernels/int_kernels.h"
#include "tensor/kernels/weight_kernels.h"

// What all kernels that multiply packed weights work on, whichever of the products they were called for. In an
// anonymous namespace for the reason given in tensor/cpu/kernels/math.h.

namespace octet {
namespace {

template <typename Rows>
struct Task {
  Rows x;
  PackedCodes w;
  const float* bias;
  Nonlinearity f;
  const float* gate;      // (M, N), for swiglu; else null
  const float* residual;  // (M, N) or null
  void* y;                // the result (M, N), or int32 sums (groups, M, N)
};

inline Task<CodeRows> task_of(const IntProductArgs& args) {
  return {args.x, args.w, nullptr, Nonlinearity::none, nullptr, nullptr, args.y};
}
template <typename Rows>
Task<Rows> task_of(const PackedLinearArgs<Rows>& args) {
  return {args.x, args.w, args.bias, args.f, args.gate, args.residual, args.y};
}

}  // namespace
}  // namespace octet
