#include "tensor/device_limits.h"

#include <algorithm>
#include <cmath>

#include "tensor/backend.h"
#include "tensor/formats/packed_weight.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/short_runs.h"

namespace octet {
namespace {

constexpr int kTries = 2;  // the first one of a size may choose an algorithm
constexpr std::int64_t kSmallestSide = 64, kLargestSide = 4096;
constexpr std::int64_t kSmallestRead = 1 << 20, kLargestRead = std::int64_t{2} << 30;
constexpr std::int64_t kChainSteps = 1024;

double chain_rate(ProbeResult (*chain)(std::int64_t steps)) {
  const double operations = static_cast<double>(chain(kChainSteps).operations);
  return operations / seconds_per_time([&](std::int64_t times) { chain(times * kChainSteps); }) / 1e9;
}

/// 1e9 operations per second of the square product that `product_of(side)` returns as work: of the largest side that is
/// not too slow, since small ones do not fill the device.
template <typename ProductOf>
double product_rate(DeviceKind device, ProductOf product_of) {
  const auto repeated = [&](const std::function<void()>& product) {
    return [&memory = memory(device), product](std::int64_t times) {
      for (std::int64_t i = 0; i < times; ++i) {
        product();
      }
      memory.synchronize();
    };
  };
  std::int64_t side = kSmallestSide;
  while (side < kLargestSide && shortest_run(kTries, repeated(product_of(side)), 1) < kShortRun) {
    side *= 2;
  }
  return 2.0 * std::pow(static_cast<double>(side), 3) / seconds_per_time(repeated(product_of(side))) / 1e9;
}

std::function<void()> fp32_product(DeviceKind device, std::int64_t side) {
  const Tensor a = Tensor::full({side, side}, 0.5F, device), c = Tensor::empty({side, side}, DType::f32, device);
  return [device, side, a, c] {
    kernels(device).gemm({.transpose_b = true,
                          .m = side,
                          .n = side,
                          .k = side,
                          .a = a.data<float>(),
                          .lda = side,
                          .b = a.data<float>(),
                          .ldb = side,
                          .c = c.data<float>(),
                          .ldc = side});
  };
}

std::function<void()> int8_product(DeviceKind device, std::int64_t side) {
  const Codes codes{Tensor::zeros({side, side}, DType::i8), Tensor::full({side}, 1.0F)};
  const PackedWeight weight = PackedWeight(codes, PackedFormat::int8).to(device);
  const QuantizedRows rows = quantize_rows(Tensor::full({side, side}, 0.5F, device), weight.layout());
  const Tensor y = Tensor::empty({side, side}, DType::f32, device);
  return [device, weight, rows, y] {
    kernels(device).int8_linear({rows.view(), weight.view(), nullptr, Nonlinearity::none, nullptr, y.data<float>()});
  };
}

}  // namespace

double device_peak_fp32_gflops(DeviceKind device) {
  return std::max(chain_rate(kernels(device).fp32_chain),
                  product_rate(device, [&](std::int64_t side) { return fp32_product(device, side); }));
}

double device_peak_int8_gops(DeviceKind device) {
  return std::max(chain_rate(kernels(device).int8_chain),
                  product_rate(device, [&](std::int64_t side) { return int8_product(device, side); }));
}

double device_read_gbps(DeviceKind device) {
  std::int64_t bytes = kSmallestRead;
  while (true) {
    const Storage buffer(static_cast<std::size_t>(bytes), device);
    memory(device).zero(buffer.data(), buffer.bytes());
    const auto read = [&](std::int64_t passes) {
      for (std::int64_t pass = 0; pass < passes; ++pass) {
        kernels(device).read(buffer.data(), bytes);
      }
    };
    if (bytes == kLargestRead || shortest_run(kTries, read, 1) >= kShortRun) {
      return static_cast<double>(bytes) / seconds_per_time(read) / 1e9;
    }
    bytes *= 2;
  }
}

}  // namespace octet
