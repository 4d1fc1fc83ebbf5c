#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/parallel.h"
#include "eval/speed/machine_limits.h"
#include "tests/tensor/every_backend.h"

namespace octet::machine_limits_kernel_test {
namespace {

/// Runs on every backend of this machine with one thread, since others may use the rest of it.
class MachineLimitsTest : public EveryBackend {
 protected:
  MachineLimitsTest() { set_thread_count(1); }
  ~MachineLimitsTest() override { set_thread_count(threads_); }

 private:
  const int threads_ = thread_count();
};

TEST_F(MachineLimitsTest, ProbesComputeWhatTheySay) {
  on_every_backend([] {
    for (const std::int64_t steps : {1, 2, 3, 100}) {
      const ProbeResult fp32 = kernels().fp32_chain(steps);
      EXPECT_NEAR(fp32.value, 2.0 * (1.0 - std::pow(0.5, steps)), 1e-6);
      EXPECT_GT(fp32.operations, 0);
      EXPECT_EQ(fp32.operations, steps * kernels().fp32_chain(1).operations);
      const ProbeResult int8 = kernels().int8_chain(steps);
      EXPECT_EQ(int8.value, -6.0);
      EXPECT_EQ(int8.operations, steps * kernels().int8_chain(1).operations);
    }
  });
}

TEST_F(MachineLimitsTest, ReadSeesEveryWord) {
  for (const std::int64_t blocks : {1, 3, 8}) {
    std::vector<std::uint64_t> words(static_cast<std::size_t>(blocks * kProbeBlock / 8) + 8);
    const std::size_t skipped = (64 - reinterpret_cast<std::uintptr_t>(words.data()) % 64) % 64 / 8;
    const Random random(1, 2);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(blocks * kProbeBlock / 8); ++i) {
      const auto bits = random.block(i);
      words[skipped + i] = std::uint64_t{bits[0]} << 32 | bits[1];
      expected ^= words[skipped + i];
    }
    on_every_backend([&] { EXPECT_EQ(kernels().read(words.data() + skipped, blocks * kProbeBlock), expected); });
  }
}

// How fast the machine is cannot be tested beside other tests that keep it busy: `octet bench` shows it.
TEST_F(MachineLimitsTest, EveryLimitIsMeasured) {
  on_every_backend([] {
    const MachineLimits limits = measure_machine_limits();
    EXPECT_GT(limits.peak_fp32_gflops, 0.0);
    EXPECT_GT(limits.peak_int8_gops, 0.0);
    EXPECT_GT(limits.read_gbps, 0.0);
    EXPECT_EQ(limits.threads, 1);
    EXPECT_EQ(limits.backend, active_backend().name);
  });
  EXPECT_THROW(measure_read_gbps(0), Error);
}

TEST_F(MachineLimitsTest, OutOfCacheIsAtLeastTwiceTheCacheWhereMemoryAllows) {
  EXPECT_GE(out_of_cache_bytes(), 1 << 20);
  EXPECT_LE(out_of_cache_bytes(), std::int64_t{1} << 40);
}

}  // namespace
}  // namespace octet::machine_limits_kernel_test
