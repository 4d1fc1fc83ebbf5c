#include "cli/device.h"

#include "tensor/backend.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet {

DeviceKind device_of(const CommonOptions& common) {
  return common.device == "cuda" ? DeviceKind::cuda : DeviceKind::cpu;
}

void use_device(const RunConfig& config) {
  active_backend(config.device);
  cuda::set_math_mode(config.math);
}

std::string gpu_name(DeviceKind device) {
  return device == DeviceKind::cpu ? "" : fmt::format("{} ({})", cuda::device().name, cuda::device().versions);
}

std::string product_library(DeviceKind device) {
  if (device == DeviceKind::cpu) {
    return fp32_library();
  }
  const cuda::MathMode mode = cuda::math_mode();
  return mode == cuda::MathMode::fp32 ? "cuBLASLt" : fmt::format("cuBLASLt, operands rounded to {}", enum_name(mode));
}

}  // namespace octet
