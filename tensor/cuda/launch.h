#pragma once

#include "tensor/cuda/device.h"
#include "tensor/cuda/runtime.h"

namespace octet::cuda {

template <typename... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
            std::type_identity_t<Parameters>... arguments) {
  if (is_empty(grid)) {
    return;
  }
  void* pointers[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
  if (grid.shared_bytes > 48 * 1024) {  // more than every chip grants without being asked
    check_launch(
        name, cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(grid.shared_bytes)));
  }
  check_launch(name, cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, grid.threads, pointers,
                                      grid.shared_bytes, static_cast<cudaStream_t>(stream())));
}

template <typename T>
__device__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace octet::cuda
