#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tensor/backend.h"
#include "tensor/tensor.h"
#include "tests/cuda/schedules.h"
#include "tests/support/relative_error.h"
#include "tests/tensor/every_backend.h"

namespace octet {

/// Tests of the backend `cuda`. Skipped where it is missing, unless REQUIRE_GPU=1 says that it must be there.
class CudaTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = find_cuda().missing(); !missing.empty()) {
      const char* required = std::getenv("REQUIRE_GPU");
      if (required != nullptr && std::string_view(required) == "1") {
        FAIL() << "REQUIRE_GPU is set, but " << missing;
      }
      GTEST_SKIP() << missing;
    }
  }

  /// The kernels to compare.
  static const KernelTable& cuda_kernels() { return kernels(DeviceKind::cuda); }
  static const KernelTable& cpu_kernels() { return find_backend("cpu-generic").kernels(); }

 private:
  static const Backend& find_cuda() {
    const auto& backends = all_backends();
    return *std::find_if(backends.begin(), backends.end(),
                         [](const Backend& backend) { return backend.device == DeviceKind::cuda; });
  }
};

inline Tensor on_cuda(const Tensor& x) {
  return x.to(DeviceKind::cuda);
}

inline void expect_close(const Tensor& actual, const Tensor& expected, double bound) {
  EXPECT_EQ(actual.shape(), expected.shape());
  EXPECT_LE(relative_error(actual, expected), bound);
}

/// The same elements, bit for bit, of any dtype.
inline void expect_equal(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.shape(), expected.shape());
  ASSERT_EQ(actual.dtype(), expected.dtype());
  const Tensor a = actual.to(DeviceKind::cpu).clone();
  const Tensor e = expected.to(DeviceKind::cpu).clone();
  const auto size = static_cast<std::int64_t>(size_of(a.dtype()));
  const auto* bytes_a = static_cast<const unsigned char*>(a.raw_data());
  const auto* bytes_e = static_cast<const unsigned char*>(e.raw_data());
  const auto differ = std::mismatch(bytes_a, bytes_a + a.elements() * size, bytes_e).first;
  EXPECT_EQ((differ - bytes_a) / size, a.elements()) << "the first element that differs";
}

}  // namespace octet
