#pragma once

#include <cstdint>

#include "tensor/cuda/language/device.h"

namespace octet::cuda {

/// kWidth floats that are loaded and stored at once: 4 where rows allow it, else 1.
template <int kWidth>
struct alignas(kWidth * sizeof(float)) Pack {
  float at[kWidth];
};

template <int kWidth>
__device__ Pack<kWidth> load(const float* x) {
  return *reinterpret_cast<const Pack<kWidth>*>(x);
}
template <int kWidth>
__device__ void store(float* y, const Pack<kWidth>& values) {
  *reinterpret_cast<Pack<kWidth>*>(y) = values;
}

/// Whether packs of 4 are aligned in arrays whose rows have this many columns.
template <typename... Arrays>
bool in_fours(std::int64_t columns, const Arrays*... arrays) {
  return columns % 4 == 0 && ((reinterpret_cast<std::uintptr_t>(arrays) % sizeof(Pack<4>) == 0) && ...);
}

// A function over elements reads const arrays and assigns to the others.

template <int kWidth>
__device__ Pack<kWidth> fetch(const float* x) {
  return load<kWidth>(x);
}
template <int kWidth>
__device__ Pack<kWidth> fetch(float*) {
  return {};
}
template <int kWidth>
__device__ void put(const float*, const Pack<kWidth>&) {}
template <int kWidth>
__device__ void put(float* y, const Pack<kWidth>& values) {
  store(y, values);
}

/// f(array[0]...), ... f(array[kWidth - 1]...), where f takes elements to assign by reference.
template <int kWidth, typename F, typename... Arrays>
__device__ void map_pack(const F& f, Arrays... arrays) {
  const auto apply = [&](auto... values) {
    for (int i = 0; i < kWidth; ++i) {
      f(values.at[i]...);
    }
    (put(arrays, values), ...);
  };
  apply(fetch<kWidth>(arrays)...);
}

}  // namespace octet::cuda
