#include "bench/gpu.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "bench/products.h"
#include "cli/run_config.h"
#include "eval/speed/interleave.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/ops/linear.h"

namespace octet::bench {

double median_seconds(const std::function<void()>& run) {
  constexpr double kLongEnough = 5e-3;
  constexpr std::int64_t kSamples = 11;
  const auto several = [&run](std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
      run();
    }
    cuda::synchronize();
  };
  several(2);
  const double start = steady_seconds();
  several(3);
  const double once = std::max((steady_seconds() - start) / 3, 1e-7);
  const auto times = std::clamp<std::int64_t>(static_cast<std::int64_t>(kLongEnough / once), 1, 1000);
  const std::function<void()> job = [&] { several(times); };
  return time_interleaved({&job, 1}, 2, kSamples).front().median / static_cast<double>(times);
}

void warm_up_gpu() {
  constexpr double kSeconds = 1.0;
  constexpr std::int64_t kSize = 1024;
  const Tensor x = random_values({kSize, kSize}).to(DeviceKind::cuda);
  for (const double end = steady_seconds() + kSeconds; steady_seconds() < end;) {
    linear(x, x);
    cuda::synchronize();
  }
}

cuda::MathMode math_mode_named(const std::string& name) {
  const auto mode = enum_from_name<cuda::MathMode>(name);
  if (!mode) {
    fail(ErrorKind::config, "expected fp32, tf32 or bf16 for products of FP32, got \"{}\"", name);
  }
  return *mode;
}

nlohmann::ordered_json measure_copy(std::int64_t bytes) {
  const Tensor from = random_values({bytes / 4}).to(DeviceKind::cuda);
  const Tensor to = Tensor::empty(from.shape(), DType::f32, DeviceKind::cuda);
  const double seconds = median_seconds([&] { cuda::copy_on_device(to.raw_data(), from.raw_data(), from.bytes()); });
  return {{"bytes", from.bytes()},
          {"seconds", seconds},
          {"read_and_written_gb_per_second", 2e-9 * static_cast<double>(from.bytes()) / seconds}};
}

int run_on_gpu(const char* program, const std::string& file,
               const std::function<void(GpuDocument& document)>& measure) {
  try {
    const cuda::Device& device = cuda::device();
    if (!device.available) {
      fail(ErrorKind::capability, "{}: {}", program, device.reason);
    }
    GpuDocument document({{"device", device.name}, {"versions", device.versions}, {"processors", device.processors}},
                         file);
    measure(document);
    return document.finish();
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  }
}

}  // namespace octet::bench
