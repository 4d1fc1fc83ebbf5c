#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/kernels/formulas.h"
#include "tensor/kernels/packed_codes.h"

namespace octet::cuda {
namespace {

/// f of one element of a result; `gate` is read for swiglu.
__device__ inline float apply(Nonlinearity f, const float* gate, float y) {
  switch (f) {
    case Nonlinearity::gelu:
      return gelu_of(y);
    case Nonlinearity::silu:
      return silu_of(y);
    case Nonlinearity::swiglu:
      return y * silu_of(*gate);
    case Nonlinearity::none:
      break;
  }
  return y;
}

}  // namespace
}  // namespace octet::cuda
