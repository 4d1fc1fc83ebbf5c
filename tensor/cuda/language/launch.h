#pragma once

#include <unordered_map>

#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/switches.h"

namespace octet::cuda {

/// Every chip grants a block 48 KiB of shared memory unasked. A kernel that takes more calls this first; the driver is
/// asked once for each kernel, and again only where it takes still more.
inline void ask_for_shared_memory(const char* name, const void* kernel, std::size_t bytes) {
  constexpr std::size_t kWithoutAsking = 48 * 1024;
  static std::unordered_map<const void*, std::size_t> granted;
  if (bytes <= kWithoutAsking || granted[kernel] >= bytes) {
    return;
  }
  check_launch(name,
               cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
  granted[kernel] = bytes;
}

template <typename... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
            std::type_identity_t<Parameters>... arguments) {
  if (is_empty(grid)) {
    return;
  }
  void* pointers[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
  ask_for_shared_memory(name, reinterpret_cast<const void*>(kernel), grid.shared_bytes);
  check_launch(name, cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, grid.threads, pointers,
                                      grid.shared_bytes, static_cast<cudaStream_t>(stream())));
}

template <typename... Parameters>
void launch_early(const char* name, void (*kernel)(Parameters...), const Grid& grid,
                  std::type_identity_t<Parameters>... arguments) {
  if (switches().early_start == EarlyStart::off || !device().starts_early) {
    launch(name, kernel, grid, arguments...);
    return;
  }
  if (is_empty(grid)) {
    return;
  }
  cudaLaunchAttribute early = {};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.shared_bytes;
  config.stream = static_cast<cudaStream_t>(stream());
  config.attrs = &early;
  config.numAttrs = 1;
  void* pointers[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
  ask_for_shared_memory(name, reinterpret_cast<const void*>(kernel), grid.shared_bytes);
  check_launch(name, cudaLaunchKernelExC(&config, reinterpret_cast<const void*>(kernel), pointers));
}

__device__ inline void wait_for_previous() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  // PTX ISA, griddepcontrol. Where a kernel was started in the ordinary way both do nothing.
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ inline void fetch_to_l2(const void* address) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
}

template <typename T>
__device__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace octet::cuda
