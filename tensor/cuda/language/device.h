#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tensor/dtype.h"

// The language of the kernels in this folder: CUDA, or, with OCTET_CUDA_SIMULATOR, ordinary C++ in which
// tensor/cuda_simulator/language.h gives the same words a meaning on the CPU. Kernel files include this header and no
// other of CUDA, and start kernels by `launch`, so that one text is both.

#ifdef OCTET_CUDA_SIMULATOR
#include "tensor/cuda_simulator/language.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#endif

namespace octet::cuda {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFU;

/// Blocks, threads of each, and bytes of shared memory that a kernel asks for by `dynamic_shared`.
struct Grid {
  dim3 blocks;
  dim3 threads;
  std::size_t shared_bytes = 0;
};

/// Of zero rows there is nothing to do, and CUDA refuses such a grid.
inline bool is_empty(const Grid& grid) {
  return grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0;
}

/// Starts `kernel` on the stream (runtime.h). `name` is a literal. Errors: what the driver says, with the name.
template <typename... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
            std::type_identity_t<Parameters>... arguments);

/// The same of a kernel that begins with wait_for_previous(). With OCTET_EARLY_START it may be brought to processors
/// while the kernel before it still runs ("programmatic dependent launch", from Hopper on), which saves most of a
/// start.
template <typename... Parameters>
void launch_early(const char* name, void (*kernel)(Parameters...), const Grid& grid,
                  std::type_identity_t<Parameters>... arguments);

/// The first statement of a kernel that launch_early starts, for all its threads: behind it, the kernel before has
/// ended and all that it wrote is there. That kernel has waited for its own predecessor, so everything is in order. The
/// next one may be brought from here on. Only fetch_to_l2 may come before. The simulator sees a thread that does not
/// wait, and the first thread of a block that touches device memory before.
__device__ void wait_for_previous();

/// Asks for the 128 bytes of device memory around an address, and goes on: the L2 cache has them when they are read.
/// Nothing is read here, and other kernels see no difference. The simulator refuses an address that was not allocated.
__device__ void fetch_to_l2(const void* address);

/// Shared memory of the size given at launch, aligned to 16 bytes.
template <typename T>
__device__ T* dynamic_shared();

#ifndef OCTET_CUDA_SIMULATOR
/// As in tensor/half.h: rounding to nearest even, NaN stays NaN.
__device__ inline Float16 to_float16(float value) {
  return {__half_as_ushort(__float2half_rn(value))};
}
__device__ inline BFloat16 to_bfloat16(float value) {
  return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
}
__device__ inline float to_float(Float16 value) {
  return __half2float(__ushort_as_half(value.bits));
}
__device__ inline float to_float(BFloat16 value) {
  return __bfloat162float(__ushort_as_bfloat16(value.bits));
}
#endif

/// Blocks of `threads` that cover `count` elements.
constexpr unsigned blocks_for(std::int64_t count, std::int64_t threads) {
  return static_cast<unsigned>((count + threads - 1) / threads);
}

__device__ inline int lane_id() {
  return static_cast<int>(threadIdx.x) % kWarp;
}
__device__ inline int warp_id() {
  return static_cast<int>(threadIdx.x) / kWarp;
}

/// The sum, or the maximum, over all lanes of a warp; every lane gets it. All lanes must take part.
template <typename T>
__device__ T warp_sum(T value) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, offset);
  }
  return value;
}
template <typename T>
__device__ T warp_max(T value) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, offset);
    value = other > value ? other : value;
  }
  return value;
}

/// The values of all threads of a block combined; every thread gets the result. The block has kThreads (a multiple of
/// 32, at most 1024) in one dimension. The order depends on kThreads alone. Holds two barriers: all threads must take
/// part.
template <int kThreads, typename T, typename Combine>
__device__ T block_reduce(T value, Combine combine) {
  __shared__ T of_warp[kThreads / kWarp];
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    value = combine(value, __shfl_xor_sync(kAllLanes, value, offset));
  }
  if (lane_id() == 0) {
    of_warp[warp_id()] = value;
  }
  __syncthreads();
  T result = of_warp[0];
  for (int warp = 1; warp < kThreads / kWarp; ++warp) {
    result = combine(result, of_warp[warp]);
  }
  __syncthreads();  // before anyone writes to of_warp again
  return result;
}
template <int kThreads, typename T>
__device__ T block_sum(T value) {
  return block_reduce<kThreads>(value, [](T a, T b) { return a + b; });
}
template <int kThreads, typename T>
__device__ T block_max(T value) {
  return block_reduce<kThreads>(value, [](T a, T b) { return a > b ? a : b; });
}

}  // namespace octet::cuda

#ifdef OCTET_CUDA_SIMULATOR
#include "tensor/cuda_simulator/launch.h"
#else
#include "tensor/cuda/language/launch.h"
#endif
