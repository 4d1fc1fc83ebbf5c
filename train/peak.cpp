#include "train/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "tensor/backend.h"

namespace octet {
namespace {

constexpr std::int64_t kSize = 1024;  // large enough to hide the packing, small enough for the L3 cache
constexpr double kSeconds = 0.3;
constexpr int kFewest = 3;  // products on a machine so slow that the time is up before

}  // namespace

double measure_peak_flops() {
  using Clock = std::chrono::steady_clock;
  const std::vector<float> a(kSize * kSize, 0.5F);
  const std::vector<float> b(kSize * kSize, 0.25F);
  std::vector<float> c(kSize * kSize);
  const GemmArgs args{.m = kSize,
                      .n = kSize,
                      .k = kSize,
                      .a = a.data(),
                      .lda = kSize,
                      .b = b.data(),
                      .ldb = kSize,
                      .c = c.data(),
                      .ldc = kSize};
  const auto seconds_since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };

  kernels().gemm(args);  // warm-up: threads start, pages are touched
  double fastest = 1e30;
  const auto begin = Clock::now();
  for (int i = 0; i < kFewest || seconds_since(begin) < kSeconds; ++i) {
    const auto start = Clock::now();
    kernels().gemm(args);
    fastest = std::min(fastest, seconds_since(start));
  }
  return 2.0 * kSize * kSize * kSize / fastest;
}

}  // namespace octet
