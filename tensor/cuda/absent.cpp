#include "tensor/cuda/backend.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::cuda {

const Device& device() {
  static const Device none = {.reason = "Octet was built without CUDA", .name = {}, .versions = {}};
  return none;
}

// There are no products whose mode could matter.
MathMode math_mode() {
  return MathMode::fp32;
}
void set_math_mode(MathMode) {}

const Backend& backend() {
  static const Backend backend = {"cuda", "NVIDIA GPU", DeviceKind::cuda, [] { return device().reason; }, nullptr, {}};
  return backend;
}

}  // namespace octet::cuda
