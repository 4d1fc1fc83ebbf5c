#include "eval/speed/device_limits.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/random.h"
#include "eval/speed/short_runs.h"
#include "tensor/backend.h"
#include "tensor/formats/packed_weight.h"
#include "tensor/ops/dynamic_linear.h"

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

/// Random values, a piece of them again and again. A chip takes less power to multiply constants, and is faster then
/// than with the numbers of a model: 13 % for zeros, as seen once on an H200.
template <typename T, typename Draw>
Tensor repeated_values(std::int64_t side, DType type, const Draw& draw) {
  Tensor values = Tensor::empty({side, side}, type);
  const std::int64_t piece = std::min(values.elements(), std::int64_t{1} << 18);
  T* data = values.data<T>();
  for (std::int64_t i = 0; i < piece; ++i) {
    data[i] = draw(static_cast<std::uint64_t>(i));
  }
  for (std::int64_t i = piece; i < values.elements(); ++i) {
    data[i] = data[i - piece];
  }
  return values;
}

Tensor random_floats(std::int64_t side) {
  return repeated_values<float>(side, DType::f32, [random = Random(1)](std::uint64_t i) { return random.normal(i); });
}
Tensor random_codes(std::int64_t side) {
  return repeated_values<std::int8_t>(side, DType::i8, [random = Random(2)](std::uint64_t i) {
    return static_cast<std::int8_t>(static_cast<int>(random.below(i, 255)) - 127);
  });
}

std::function<void()> fp32_product(DeviceKind device, std::int64_t side) {
  const Tensor a = random_floats(side).to(device), c = Tensor::empty({side, side}, DType::f32, device);
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
  const Codes codes{random_codes(side), Tensor::full({side}, 1.0F)};
  const PackedWeight weight = PackedWeight(codes, PackedFormat::int8).to(device);
  const QuantizedRows rows = quantize_rows(random_floats(side).to(device), weight.layout());
  const Tensor y = Tensor::empty({side, side}, DType::f32, device);
  return [device, weight, rows, y] {
    kernels(device).int8_linear(
        {rows.view(), weight.view(), nullptr, Nonlinearity::none, nullptr, nullptr, y.data<float>()});
  };
}

/// With a random piece that is copied until it fills the buffer, each time what is there already.
void fill_randomly(DeviceKind device, const Storage& buffer) {
  const DeviceMemory& at = memory(device);
  auto* const bytes = static_cast<std::byte*>(buffer.data());
  const Tensor piece = random_floats(512);  // kSmallestRead
  std::size_t filled = std::min(buffer.bytes(), static_cast<std::size_t>(kSmallestRead));
  at.from_host(bytes, piece.data<float>(), filled);
  while (filled < buffer.bytes()) {
    const std::size_t more = std::min(filled, buffer.bytes() - filled);
    at.copy(bytes + filled, bytes, more);
    filled += more;
  }
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
    fill_randomly(device, buffer);
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
