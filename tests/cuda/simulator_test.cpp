#include <chrono>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda_simulator/sanitizers.h"
#include "tests/cuda/schedules.h"
#include "tests/support/error_of.h"

// Kernels with a mistake in them, to see that the simulator notices; and right ones, to see that it is quiet.

namespace octet::cuda::simulator_test {
namespace {

constexpr int kThreads = 256;

/// Device memory that holds `values`.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values)
      : count_(values.size()), memory_(static_cast<T*>(allocate(count_ * sizeof(T)))) {
    copy_to_device(memory_, values.data(), count_ * sizeof(T));
  }
  ~DeviceArray() { release(memory_, count_ * sizeof(T)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return memory_; }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    copy_to_host(values.data(), memory_, count_ * sizeof(T));
    return values;
  }

 private:
  std::size_t count_;
  T* memory_;
};

std::vector<int> count_up(int count) {
  std::vector<int> values(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = i + 1;
  }
  return values;
}

// y[block] = sum of the block's x, by halving in shared memory. A barrier is left out where kBarrier is false.
template <bool kBarrier>
__global__ void sum_by_halving(const int* x, int* y) {
  __shared__ int part[kThreads];
  const auto thread = static_cast<int>(threadIdx.x);
  part[thread] = x[static_cast<int>(blockIdx.x) * kThreads + thread];
  __syncthreads();
  for (int width = kThreads / 2; width > 0; width /= 2) {
    if (thread < width) {
      part[thread] += part[thread + width];
    }
    if (kBarrier) {
      __syncthreads();
    }
  }
  if (thread == 0) {
    y[blockIdx.x] = part[0];
  }
}

template <bool kBarrier>
std::vector<int> sums_by_halving() {
  const DeviceArray<int> x(count_up(2 * kThreads));
  const DeviceArray<int> y(std::vector<int>(2));
  launch("sum_by_halving", sum_by_halving<kBarrier>, {2, kThreads}, x.get(), y.get());
  return y.read();
}
const std::vector<int> kSums = {256 * 257 / 2, 512 * 513 / 2 - 256 * 257 / 2};

TEST(Simulator, RunsABlockReductionInEveryOrder) {
  under_every_schedule([] { EXPECT_EQ(sums_by_halving<true>(), kSums); });
}

#ifndef OCTET_TSAN  // which reports the races, and fails the program
TEST(Simulator, AMissingBarrierGivesAnotherResultInSomeOrder) {
  int wrong = 0;
  under_every_schedule([&] { wrong += sums_by_halving<false>() != kSums ? 1 : 0; });
  EXPECT_GT(wrong, 0);
}
#endif

__global__ void sums_of_device_header(const float* x, float* y) {
  const float of_block = block_sum<kThreads>(x[threadIdx.x]);
  const float largest = block_max<kThreads>(x[threadIdx.x]);
  y[threadIdx.x] = of_block + 1000.0F * largest + 1000000.0F * warp_sum(threadIdx.x < 32 ? 1.0F : 0.0F);
}

TEST(Simulator, RunsTheReductionsOfTheDeviceHeader) {
  std::vector<float> values(kThreads, 1.0F);
  values[77] = 5.0F;
  under_every_schedule([&] {
    const DeviceArray<float> x(values);
    const DeviceArray<float> y(std::vector<float>(kThreads, 0.0F));
    launch("sums_of_device_header", sums_of_device_header, {1, kThreads}, x.get(), y.get());
    const std::vector<float> sums = y.read();
    EXPECT_EQ(sums.front(), 260.0F + 5000.0F + 32000000.0F);
    EXPECT_EQ(sums.back(), 260.0F + 5000.0F);
  });
}

__global__ void exchange(int* y) {
  const int lane = lane_id();
  int* mine = y + lane * 8;
  mine[0] = __shfl_sync(kAllLanes, lane, 5);
  mine[1] = __shfl_sync(kAllLanes, lane, 9, 8);  // lane 1 of each segment of 8
  mine[2] = __shfl_up_sync(kAllLanes, lane, 3);
  mine[3] = __shfl_down_sync(kAllLanes, lane, 3, 16);
  mine[4] = __shfl_xor_sync(kAllLanes, lane, 17);
  mine[5] = __shfl_xor_sync(kAllLanes, lane, 4, 4);  // the segment behind cannot be read, the one before can
  mine[6] = static_cast<int>(__ballot_sync(kAllLanes, lane % 2));
  mine[7] = lane < 16 ? __all_sync(0xFFFFU, lane < 16) + 2 * __any_sync(0xFFFFU, lane == 16) : 7;
}

TEST(Simulator, ExchangesValuesAsTheGuideSays) {
  const DeviceArray<int> y(std::vector<int>(32 * 8));
  launch("exchange", exchange, {1, 32}, y.get());
  const std::vector<int> values = y.read();
  for (int lane = 0; lane < 32; ++lane) {
    const int segment = lane % 16;
    const std::vector<int> expected = {5,
                                       lane / 8 * 8 + 1,
                                       lane < 3 ? lane : lane - 3,
                                       segment + 3 < 16 ? lane + 3 : lane,
                                       lane ^ 17,
                                       lane / 4 % 2 == 0 ? lane : lane - 4,
                                       static_cast<int>(0xAAAAAAAAU),
                                       lane < 16 ? 1 : 7};
    const auto begin = values.begin() + lane * 8;
    EXPECT_EQ(std::vector<int>(begin, begin + 8), expected) << "lane " << lane;
  }
}

__global__ void numbers(int* y) {
  y[0] = __dp4a(0x7F80FF01, 0x02030405, 10);
  y[1] = static_cast<int>(__dp4a(0xFF000002U, 0x02000003U, 1U));
  y[2] = __float2int_rn(2.5F);
  y[3] = __float2int_rn(-3.5F);
  y[4] = __float2int_rn(3e9F);
  y[5] = static_cast<int>(__byte_perm(0x33221100U, 0x77665544U, 0x7160U));
  y[6] = atomicMax(&y[7], 9);
}

TEST(Simulator, ComputesWithBytesAndBits) {
  const DeviceArray<int> y(std::vector<int>(8));
  launch("numbers", numbers, {1, 1}, y.get());
  const int signed_dot = 10 + 127 * 2 - 128 * 3 - 1 * 4 + 1 * 5;
  EXPECT_EQ(y.read(), (std::vector<int>{signed_dot, 255 * 2 + 6 + 1, 2, -4, 2147483647, 0x77116600, 0, 9}));
}

__global__ void divergent_barrier(int* y) {
  if (threadIdx.x < 40) {
    __syncthreads();
  }
  y[threadIdx.x] = 1;
}
__global__ void two_barriers(int* y) {
  if (threadIdx.x < 40) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  y[threadIdx.x] = 1;
}
__global__ void lanes_that_never_come(int* y) {
  if (threadIdx.x != 7) {
    y[threadIdx.x] = __shfl_xor_sync(kAllLanes, 1, 1);
  }
}
__global__ void partial_warp(int* y) {
  y[threadIdx.x] = warp_sum(1);
}

TEST(Simulator, ABarrierThatSomeThreadsDoNotReachIsAnError) {
  const DeviceArray<int> y(std::vector<int>(64));
  const std::string left = error_of([&] { launch("divergent_barrier", divergent_barrier, {3, 64}, y.get()); });
  EXPECT_NE(left.find("[divergent_barrier] block (0, 0, 0)"), std::string::npos) << left;
  EXPECT_NE(left.find("threads 0-39 wait at __syncthreads"), std::string::npos) << left;
  EXPECT_NE(left.find("threads 40-63 have ended"), std::string::npos) << left;
  const std::string two = error_of([&] { launch("two_barriers", two_barriers, {1, 64}, y.get()); });
  EXPECT_NE(two.find("threads 40-63 wait at __syncthreads"), std::string::npos) << two;
  EXPECT_EQ(sums_by_halving<true>(), kSums) << "the next kernel runs";
}

TEST(Simulator, AnExchangeThatSomeLanesDoNotReachIsAnError) {
  const DeviceArray<int> y(std::vector<int>(64));
  const std::string lane = error_of([&] { launch("lanes", lanes_that_never_come, {1, 32}, y.get()); });
  EXPECT_NE(lane.find("threads 0-6, 8-31 wait at a shuffle"), std::string::npos) << lane;
  EXPECT_NE(lane.find("threads 7 have ended"), std::string::npos) << lane;
  const std::string partial = error_of([&] { launch("partial_warp", partial_warp, {1, 48}, y.get()); });
  EXPECT_NE(partial.find("threads 32-47 wait at a shuffle"), std::string::npos) << partial;
}

TEST(Simulator, RefusesSizesThatNoChipHas) {
  const DeviceArray<int> y(std::vector<int>(1));
  EXPECT_NE(error_of([&] { launch("k", numbers, {1, 1025}, y.get()); }).find("1 to 1024 threads"), std::string::npos);
  EXPECT_EQ(error_of([&] { launch("k", numbers, {0, 1}, y.get()); }), "no error") << "no blocks: nothing to do";
  EXPECT_NE(error_of([&] { launch("k", numbers, {dim3(1, 65536), 1}, y.get()); }).find("65535"), std::string::npos);
  EXPECT_NE(error_of([&] { launch("k", numbers, {1, 1, 240000}, y.get()); }).find("shared"), std::string::npos);
}

__global__ void use_dynamic_shared(float* y) {
  auto* memory = dynamic_shared<float>();
  y[blockIdx.x] = memory[2];
  memory[2] = 1.0F;
}

TEST(Simulator, DynamicSharedMemoryHoldsNothingSensible) {
  const DeviceArray<float> y(std::vector<float>(2));
  launch("use_dynamic_shared", use_dynamic_shared, {2, 1, 3 * sizeof(float)}, y.get());
  EXPECT_TRUE(std::isnan(y.read()[0]));
  EXPECT_TRUE(std::isnan(y.read()[1])) << "left by the block before";
}

__global__ void read_at(const int* x, int index, int* y) {
  y[0] = x[index];
}
__global__ void write_at(int* y, int index) {
  y[index] = 1;
}

using SimulatorDeathTest = testing::Test;

TEST(SimulatorDeathTest, AnAccessBehindABlockIsFound) {
  const DeviceArray<int> x(count_up(5));
  const DeviceArray<int> y(std::vector<int>(5));
  if (simulator::kAddressSanitizer) {
    EXPECT_DEATH(launch("read_at", read_at, {1, 1}, x.get(), 5, y.get()), "use-after-poison");
    EXPECT_DEATH(launch("write_at", write_at, {1, 1}, y.get(), 5), "use-after-poison");
    EXPECT_DEATH(launch("too_little", use_dynamic_shared, {1, 1, 8}, reinterpret_cast<float*>(y.get())),
                 "heap-buffer-overflow");
  } else {
    EXPECT_EXIT(
        {
          const std::string error = error_of([&] { launch("write_at", write_at, {1, 1}, y.get(), 5); });
          std::_Exit(error.find("[write_at] a write behind a block of 20 bytes") == std::string::npos ? 1 : 0);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(SimulatorDeathTest, AFreedBlockIsFound) {
  void* freed = allocate(100);
  release(freed, 100);
  if (simulator::kAddressSanitizer) {
    EXPECT_DEATH(launch("write_at", write_at, {1, 1}, static_cast<int*>(freed), 5), "use-after-poison");
  } else {
    EXPECT_EXIT(
        {
          launch("write_at", write_at, {1, 1}, static_cast<int*>(freed), 5);
          std::_Exit(error_of([] { allocate(100); }).find("was freed") == std::string::npos ? 1 : 0);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(SimulatorDeathTest, HostCodeCannotTouchDeviceMemory) {
  const DeviceArray<int> x(count_up(5));
  EXPECT_DEATH({ [[maybe_unused]] volatile int value = x.get()[0]; }, "host code touched device memory");
}

// y = x + 1, by a kernel that may start early.
enum class Waits { all, one_does_not, too_late };
template <Waits kWaits>
__global__ void add_one(const int* x, int* y) {
  const int thread = static_cast<int>(threadIdx.x), first = kWaits == Waits::too_late ? x[thread] : 0;
  if (kWaits != Waits::one_does_not || thread != 3) {
    wait_for_previous();
  }
  y[thread] = (kWaits == Waits::too_late ? first : x[thread]) + 1;
}

TEST(Simulator, AKernelThatStartsEarlyWaitsForTheOneBefore) {
  under_every_schedule([] {
    const DeviceArray<int> x(count_up(8)), y(std::vector<int>(8)), z(std::vector<int>(8));
    launch_early("add_one", add_one<Waits::all>, {1, 8}, x.get(), y.get());
    launch_early("add_one", add_one<Waits::all>, {1, 8}, y.get(), z.get());
    EXPECT_EQ(z.read(), (std::vector<int>{3, 4, 5, 6, 7, 8, 9, 10}));
    launch("add_one", add_one<Waits::all>, {1, 8}, z.get(), y.get());  // nothing to wait for
    EXPECT_EQ(y.read().front(), 4);
    EXPECT_EQ(error_of([&] {
                launch_early("add_one", add_one<Waits::one_does_not>, {1, 8}, x.get(), y.get());
              }),
              "[add_one] expected every thread to wait for the kernel before, thread 3 does not");
    EXPECT_EQ(x.read().back(), 8) << "memory can be read after that";
  });
}

TEST(SimulatorDeathTest, AKernelThatStartsEarlyReadsNothingBeforeItWaits) {
  const DeviceArray<int> x(count_up(8)), y(std::vector<int>(8));
  EXPECT_DEATH(launch_early("add_one", add_one<Waits::too_late>, {2, 8}, x.get(), y.get()),
               "or what it has not waited for");
}

TEST(Simulator, AKernelAndACopyTakeDeviceMemoryAlone) {
  int host[4] = {};
  const DeviceArray<int> x(count_up(4));
  EXPECT_NE(error_of([&] {
              launch("write_at", write_at, {1, 1}, host, 0);
            }).find("[write_at] expected device memory"),
            std::string::npos);
  EXPECT_NE(error_of([&] { copy_to_host(host, x.get(), 20); }).find("20 bytes within a block of 16"),
            std::string::npos);
  EXPECT_NE(error_of([&] { copy_to_device(host, host, 4); }).find("address of the host"), std::string::npos);
}

__global__ void many_shuffles(float* y) {
  float value = 1.0F;
  for (int i = 0; i < 2; ++i) {
    value = warp_sum(value) / 32.0F;
  }
  y[blockIdx.x * kThreads + threadIdx.x] = value;
}

TEST(Simulator, IsQuickEnough) {
  const DeviceArray<float> y(std::vector<float>(100 * kThreads));
  const auto start = std::chrono::steady_clock::now();
  launch("many_shuffles", many_shuffles, {100, kThreads}, y.get());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(y.read(), std::vector<float>(100 * kThreads, 1.0F));
  EXPECT_LT(seconds.count(), 5.0)
      << "256,000 changes of fibers took 0.1 s on a 2 GHz core, some times that with sanitizers";
}

}  // namespace
}  // namespace octet::cuda::simulator_test
