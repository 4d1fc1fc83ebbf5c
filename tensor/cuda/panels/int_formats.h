#pragma once

#include "tensor/cuda/panels/panel_task.h"

// What the bytes of weights with integer codes are, for products with int8 activations.

namespace octet::cuda {
namespace {

/// The quads of four columns, a word each.
template <typename Format, int kElements>
__device__ void unpack_words(const uint4& bytes, const typename Format::Table& table, int (&quads)[kElements][4]) {
  const unsigned words[4] = {bytes.x, bytes.y, bytes.z, bytes.w};
  OCTET_UNROLL
  for (int c = 0; c < 4; ++c) {
    int of_word[kElements];
    Format::unpack_word(words[c], table, of_word);
    OCTET_UNROLL
    for (int e = 0; e < kElements; ++e) {
      quads[e][c] = of_word[e];
    }
  }
}

struct QuadFormat {
  using Rows = CodeRows;
  using Element = int;
  using Table = NoTable;
  static constexpr int kMostRows = 8;
};

/// Bytes: sums are what they stand for.
struct ByteFormat : QuadFormat {
  using Scales = FloatScales;
  static constexpr float kUnit = 1.0F;
  static __device__ float value(int sum) { return static_cast<float>(sum); }
  static __device__ int exact(int sum) { return sum; }
};

/// A word is a quad of four bytes code + 128; the flipped sign bit makes the code of it.
struct Int8Codes : ByteFormat {
  static constexpr int kCodes = 4, kElements = 1, kColumns = 4;

  static __device__ void unpack_word(unsigned word, const Table&, int (&quads)[kElements]) {
    quads[0] = static_cast<int>(word ^ 0x80808080U);
  }
  static __device__ void unpack(const uint4& bytes, const Table& table, int (&quads)[kElements][kColumns]) {
    unpack_words<Int8Codes>(bytes, table, quads);
  }
};

/// In rows, words are quads of codes as they are.
struct Int8RowCodes : ByteFormat {
  static constexpr int kCodes = 16, kElements = 4, kColumns = 1;

  static __device__ void unpack(const uint4& bytes, const Table&, int (&quads)[kElements][kColumns]) {
    quads[0][0] = static_cast<int>(bytes.x);
    quads[1][0] = static_cast<int>(bytes.y);
    quads[2][0] = static_cast<int>(bytes.z);
    quads[3][0] = static_cast<int>(bytes.w);
  }
};

/// A word is two quads of nibbles code + 8. A nibble in the upper half of its byte, sign flipped, is the byte 16 *
/// code: a shift and two logical operations unpack eight codes. Sums are divided by 16 at the end, and without rest; by
/// kMaxGroup they stay below 2^31.
struct Int4Codes : QuadFormat {
  using Scales = HalfScales;
  static constexpr int kCodes = 8, kElements = 2, kColumns = 4;
  static constexpr float kUnit = 0x1p-4F;

  static __device__ void unpack_word(unsigned word, const Table&, int (&quads)[kElements]) {
    quads[0] = static_cast<int>((word << 4 & 0xF0F0F0F0U) ^ 0x80808080U);
    quads[1] = static_cast<int>((word & 0xF0F0F0F0U) ^ 0x80808080U);
  }
  static __device__ void unpack(const uint4& bytes, const Table& table, int (&quads)[kElements][kColumns]) {
    unpack_words<Int4Codes>(bytes, table, quads);
  }
  static __device__ float value(int sum) { return static_cast<float>(sum) * kUnit; }
  static __device__ int exact(int sum) { return sum / 16; }
};

/// The levels of table4, four in a register, and how `prmt` finds them: it makes a word of four bytes that four nibbles
/// choose among eight. So bits 0 to 2 of a nibble choose one of the lower and one of the upper eight levels, and bit 3
/// one of the two.
struct ByteLevels {
  unsigned words[4];

  __device__ explicit ByteLevels(const PackedCodes& w) {
    const uint4 bytes = __ldg(reinterpret_cast<const uint4*>(w.level_bytes));
    words[0] = bytes.x ^ 0x80808080U;  // the flipped sign makes the level of level + 128
    words[1] = bytes.y ^ 0x80808080U;
    words[2] = bytes.z ^ 0x80808080U;
    words[3] = bytes.w ^ 0x80808080U;
  }
  /// The levels of the lower four nibbles.
  __device__ unsigned at(unsigned nibbles) const {
    const unsigned within = nibbles & 0x7777U, upper = nibbles >> 1 & 0x4444U;
    const unsigned from_lower = __byte_perm(words[0], words[1], within);
    const unsigned from_upper = __byte_perm(words[2], words[3], within);
    return __byte_perm(from_lower, from_upper, 0x3210U | upper);
  }
};

/// A word is two quads of nibbles, the first in the lower half of each byte, so that every other level is of the first.
struct Table4Codes : ByteFormat {
  using Scales = HalfScales;
  using Table = ByteLevels;
  static constexpr int kCodes = 8, kElements = 2, kColumns = 4;

  static __device__ void unpack_word(unsigned word, const Table& levels, int (&quads)[kElements]) {
    const unsigned first = levels.at(word), last = levels.at(word >> 16);
    quads[0] = static_cast<int>(__byte_perm(first, last, 0x6420U));
    quads[1] = static_cast<int>(__byte_perm(first, last, 0x7531U));
  }
  static __device__ void unpack(const uint4& bytes, const Table& table, int (&quads)[kElements][kColumns]) {
    unpack_words<Table4Codes>(bytes, table, quads);
  }
};

}  // namespace
}  // namespace octet::cuda
