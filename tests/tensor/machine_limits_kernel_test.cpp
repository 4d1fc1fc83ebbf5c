#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "tensor/backend.h"
#include "tensor/machine_limits.h"

namespace octet {
namespace {

/// Sanitizers slow some loops down and others not, so what is compared is no longer the machine.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSpeedsMean = false;
#else
constexpr bool kSpeedsMean = true;
#endif
#define SKIP_UNDER_SANITIZERS() \
  if (!kSpeedsMean) GTEST_SKIP() << "speeds say nothing under a sanitizer"

/// Runs on every backend of this machine with one thread, since others may use the rest of it.
class MachineLimitsTest : public testing::Test {
 protected:
  MachineLimitsTest() { set_thread_count(1); }
  ~MachineLimitsTest() override {
    set_active_backend(before_);
    set_thread_count(threads_);
  }

  template <typename Body>
  void on_every_backend(Body body) {
    for (const Backend* backend : available_backends()) {
      if (backend->device == DeviceKind::cpu) {
        SCOPED_TRACE(backend->name);
        set_active_backend(*backend);
        body();
      }
    }
  }

 private:
  const Backend& before_ = active_backend();
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

/// GFLOP/s of the fastest of some products of 512 x 512 matrices.
double product_gflops() {
  constexpr std::int64_t kSize = 512;
  const std::vector<float> a(kSize * kSize, 0.5F), b(kSize * kSize, 0.25F);
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
  double best = 1e30;
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    kernels().gemm(args);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2.0 * kSize * kSize * kSize / best / 1e9;
}

// The clock of a processor may change between two measurements, which the factor 1.1 leaves room for.
TEST_F(MachineLimitsTest, ProductsStayBelowThePeak) {
  SKIP_UNDER_SANITIZERS();
  on_every_backend([] {
    if (&active_backend() != available_backends().front() && active_backend().name != "cpu-generic") {
      return;  // oneDNN takes the best instructions of the machine, also where another backend is forced
    }
    const double before = measure_peak_fp32_gflops();
    const double product = product_gflops();
    const double peak = std::max(before, measure_peak_fp32_gflops());
    EXPECT_GT(1.1 * peak, product);
    // A probe that does less than it counts shows a peak that no library comes near; oneDNN reaches 88 to 95 %.
    EXPECT_LT(peak, (fp32_library().starts_with("oneDNN") ? 1.5 : 100.0) * product);
  });
}

// A multiply-add of bytes is never slower than one of floats; four times as many fit a register.
TEST_F(MachineLimitsTest, Int8IsFasterThanFp32WhereThereAreInstructionsForIt) {
  SKIP_UNDER_SANITIZERS();
  on_every_backend([] {
    const double ratio = measure_peak_int8_gops() / measure_peak_fp32_gflops();
    EXPECT_GT(ratio, active_backend().name == "cpu-generic" ? 0.05 : 1.0);
    EXPECT_LT(ratio, 8.0);
  });
}

TEST_F(MachineLimitsTest, ReadingMemoryIsNoFasterThanReadingTheFirstCache) {
  SKIP_UNDER_SANITIZERS();
  const double cached = measure_read_gbps(16 << 10);
  const double memory = measure_read_gbps(64 << 20);
  EXPECT_GT(memory, 0.1);
  EXPECT_GT(cached, memory);
  EXPECT_LT(cached, 2000);
  EXPECT_THROW(measure_read_gbps(0), Error);
}

TEST_F(MachineLimitsTest, OutOfCacheIsAtLeastTwiceTheCacheWhereMemoryAllows) {
  EXPECT_GE(out_of_cache_bytes(), 1 << 20);
  EXPECT_LE(out_of_cache_bytes(), std::int64_t{1} << 40);
}

}  // namespace
}  // namespace octet
