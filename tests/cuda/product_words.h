#pragma once

#include <vector>

#include "tensor/cuda/runtime/runtime.h"
#include "tests/cuda/kernels/one_product.h"

namespace octet::cuda {

/// d (16, 8) of one_product, with a (16, 8 words) and b (8 columns, 8 words) in host memory.
template <typename Word>
std::vector<Word> multiply_words(const std::vector<Word>& a, const std::vector<Word>& b, int lanes = 32) {
  constexpr std::size_t kBytes = 256 * sizeof(Word);
  auto* memory = static_cast<Word*>(allocate(kBytes));
  copy_to_device(memory, a.data(), 128 * sizeof(Word));
  copy_to_device(memory + 128, b.data(), 64 * sizeof(Word));
  auto* d = static_cast<Word*>(allocate(kBytes));
  one_product(memory, memory + 128, d, lanes);
  std::vector<Word> result(128);
  copy_to_host(result.data(), d, 128 * sizeof(Word));
  release(memory, kBytes);
  release(d, kBytes);
  return result;
}

}  // namespace octet::cuda
