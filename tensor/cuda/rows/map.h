#pragma once

#include "tensor/cuda/language/pack.h"

namespace octet::cuda {

constexpr int kMapThreads = 256;

template <typename F, typename... Arrays>
__global__ void map_kernel(std::int64_t count, bool fours, F f, Arrays... arrays) {
  const std::int64_t begin = 4 * (std::int64_t{blockIdx.x} * kMapThreads + threadIdx.x);
  if (fours && begin + 4 <= count) {
    map_pack<4>(f, arrays + begin...);
    return;
  }
  for (std::int64_t i = begin; i < begin + 4 && i < count; ++i) {
    map_pack<1>(f, arrays + i...);
  }
}

/// f(array[i]...) for all i < count. Arrays of const floats are read; f assigns to the elements of the others, which it
/// takes by reference. An array that is both is given twice.
template <typename F, typename... Arrays>
void map(const char* name, std::int64_t count, const F& f, Arrays*... arrays) {
  if (count > 0) {
    launch(name, map_kernel<F, Arrays*...>, {dim3(blocks_for(count, 4 * kMapThreads)), dim3(kMapThreads)}, count,
           in_fours(0, arrays...), f, arrays...);
  }
}

}  // namespace octet::cuda
