#pragma once

#include <bit>
#include <cstdint>

#include "base/error.h"
#include "tensor/cuda_simulator/simulator.h"

// The product of a warp on tensor cores (tensor/cuda/language/mma.h) in plain loops.

namespace octet::simulator {

/// A TF32 operand has 10 bits of fraction; what tensor cores do with the other 13 is not defined.
inline float checked_word(float word) {
  check((std::bit_cast<std::uint32_t>(word) & 0x1FFFU) == 0,
        "[simulator] expected an operand rounded by to_tf32, got {}", word);
  return word;
}
inline int checked_word(int word) {
  return word;
}

inline float add_words(float a, float b, float sum) {
  return sum + a * b;
}
inline int add_words(int a, int b, int sum) {
  for (int shift = 0; shift < 32; shift += 8) {
    sum += static_cast<std::int8_t>(a >> shift) * static_cast<std::int8_t>(b >> shift);
  }
  return sum;
}

/// The fragments of the 32 lanes of a warp, all of one type of word.
template <typename Word>
void multiply_warp_of(const Fragments* const (&lanes)[32]) {
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      const int upper = row / 8, group = row % 8;
      Word& d = static_cast<Word*>(lanes[group * 4 + column / 2]->d)[upper * 2 + column % 2];
      for (int k = 0; k < 8; ++k) {
        const Word a = static_cast<const Word*>(lanes[group * 4 + k % 4]->a)[k / 4 * 2 + upper];
        const Word b = static_cast<const Word*>(lanes[column * 4 + k % 4]->b)[k / 4];
        d = add_words(checked_word(a), checked_word(b), d);
      }
    }
  }
}

inline void multiply_warp(const Fragments* const (&lanes)[32]) {
  lanes[0]->floats ? multiply_warp_of<float>(lanes) : multiply_warp_of<int>(lanes);
}

}  // namespace octet::simulator
