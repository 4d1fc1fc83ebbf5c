#pragma once

#include "tensor/cpu/kernels/math.h"
#include "tensor/kernels/packed_codes.h"

namespace octet::cpu {
namespace {

/// Applies f in place to a part of a result that has just been written, while it is in the cache; `gate` is the same
/// part.
void apply(Nonlinearity f, const float* gate, float* y, std::int64_t count) {
  if (f == Nonlinearity::gelu) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      y[i] = gelu_of(y[i]);
    }
  } else if (f == Nonlinearity::silu) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      y[i] *= sigmoid(y[i]);
    }
  } else if (f == Nonlinearity::swiglu) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      y[i] *= gate[i] * sigmoid(gate[i]);
    }
  }
}

/// What follows sums and bias, in place in a part of a result that has just been written, `first` elements behind its
/// beginning.
template <typename Args>
void finish_part(const Args& args, std::int64_t first, std::int64_t count, float* y) {
  apply(args.f, args.gate == nullptr ? nullptr : args.gate + first, y, count);
  if (args.residual != nullptr) {
    const float* residual = args.residual + first;
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      y[i] += residual[i];
    }
  }
}

}  // namespace
}  // namespace octet::cpu
