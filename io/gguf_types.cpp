#include "io/gguf_types.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "io/gguf_encode.h"
#include "tensor/formats/codebook_weight.h"
#include "tensor/half.h"

namespace octet {
namespace {

// Files are little-endian (io/gguf.h checks it), and so is every machine that Octet runs on.
static_assert(std::endian::native == std::endian::little);

using Bytes = const std::uint8_t*;

float f16(Bytes at) {
  Float16 value;
  std::memcpy(&value, at, sizeof value);
  return to_float(value);
}

std::uint32_t u32(Bytes at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

int low(std::uint8_t byte) {
  return byte & 15;
}
int high(std::uint8_t byte) {
  return byte >> 4;
}

void decode_f32(Bytes from, std::int64_t blocks, float* to) {
  std::memcpy(to, from, static_cast<std::size_t>(blocks) * sizeof(float));
}

void decode_f16(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t i = 0; i < blocks; ++i) to[i] = f16(from + 2 * i);
}

void decode_bf16(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t i = 0; i < blocks; ++i) {
    BFloat16 value;
    std::memcpy(&value, from + 2 * i, sizeof value);
    to[i] = to_float(value);
  }
}

void decode_q8_0(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 34, to += 32) {
    const float d = f16(from);
    for (int j = 0; j < 32; ++j) to[j] = d * static_cast<float>(static_cast<std::int8_t>(from[2 + j]));
  }
}

void decode_q4_0(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 18, to += 32) {
    const float d = f16(from);
    for (int j = 0; j < 16; ++j) {
      to[j] = d * static_cast<float>(low(from[2 + j]) - 8);
      to[j + 16] = d * static_cast<float>(high(from[2 + j]) - 8);
    }
  }
}

void decode_q4_1(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 20, to += 32) {
    const float d = f16(from), m = f16(from + 2);
    for (int j = 0; j < 16; ++j) {
      to[j] = d * static_cast<float>(low(from[4 + j])) + m;
      to[j + 16] = d * static_cast<float>(high(from[4 + j])) + m;
    }
  }
}

/// Codes of 5 bits: bit i of `fifth` is the highest of value i.
struct FiveBits {
  std::uint32_t fifth;
  Bytes nibbles;

  int first(int j) const { return low(nibbles[j]) | static_cast<int>(fifth >> j & 1) << 4; }
  int second(int j) const { return high(nibbles[j]) | static_cast<int>(fifth >> (j + 16) & 1) << 4; }
};

void decode_q5_0(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 22, to += 32) {
    const float d = f16(from);
    const FiveBits codes = {u32(from + 2), from + 6};
    for (int j = 0; j < 16; ++j) {
      to[j] = d * static_cast<float>(codes.first(j) - 16);
      to[j + 16] = d * static_cast<float>(codes.second(j) - 16);
    }
  }
}

void decode_q5_1(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 24, to += 32) {
    const float d = f16(from), m = f16(from + 2);
    const FiveBits codes = {u32(from + 4), from + 8};
    for (int j = 0; j < 16; ++j) {
      to[j] = d * static_cast<float>(codes.first(j)) + m;
      to[j + 16] = d * static_cast<float>(codes.second(j)) + m;
    }
  }
}

/// Scale and minimum of group j of a Q4_K block: 6 bits each. The first four groups have bytes of their own, whose two
/// highest bits complete those of the last four.
void group_of_q4_k(Bytes packed, int j, int& scale, int& minimum) {
  if (j < 4) {
    scale = packed[j] & 63;
    minimum = packed[j + 4] & 63;
  } else {
    scale = low(packed[j + 4]) | packed[j - 4] >> 6 << 4;
    minimum = high(packed[j + 4]) | packed[j] >> 6 << 4;
  }
}

void decode_q4_k(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 144) {
    const float d = f16(from), m = f16(from + 2);
    Bytes codes = from + 16;
    for (int group = 0; group < 8; group += 2, codes += 32, to += 64) {
      int scale = 0, minimum = 0;
      group_of_q4_k(from + 4, group, scale, minimum);
      const float first = d * static_cast<float>(scale), first_minimum = m * static_cast<float>(minimum);
      group_of_q4_k(from + 4, group + 1, scale, minimum);
      const float second = d * static_cast<float>(scale), second_minimum = m * static_cast<float>(minimum);
      for (int j = 0; j < 32; ++j) {
        to[j] = first * static_cast<float>(low(codes[j])) - first_minimum;
        to[j + 32] = second * static_cast<float>(high(codes[j])) - second_minimum;
      }
    }
  }
}

void decode_q6_k(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 210) {
    const float d = f16(from + 208);
    for (int half = 0; half < 2; ++half, to += 128) {
      Bytes lows = from + 64 * half, highs = from + 128 + 32 * half, scales = from + 192 + 8 * half;
      for (int quarter = 0; quarter < 4; ++quarter) {
        for (int j = 0; j < 32; ++j) {
          const std::uint8_t byte = lows[j + 32 * (quarter % 2)];
          const int nibble = quarter < 2 ? low(byte) : high(byte);
          const int code = (nibble | (highs[j] >> 2 * quarter & 3) << 4) - 32;
          const auto scale = static_cast<std::int8_t>(scales[2 * quarter + j / 16]);
          to[32 * quarter + j] = d * static_cast<float>(scale) * static_cast<float>(code);
        }
      }
    }
  }
}

/// Sixteen levels in w = scale table[q], two nibbles a byte.
void decode_table(Bytes nibbles, float scale, const std::array<std::int8_t, 16>& table, float* to) {
  for (int j = 0; j < 16; ++j) {
    to[j] = scale * static_cast<float>(table[static_cast<std::size_t>(low(nibbles[j]))]);
    to[j + 16] = scale * static_cast<float>(table[static_cast<std::size_t>(high(nibbles[j]))]);
  }
}

void decode_iq4_nl(Bytes from, std::int64_t blocks, float* to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += 18, to += 32) decode_table(from + 2, f16(from), kTable4Levels, to);
}

void decode_mxfp4(Bytes from, std::int64_t blocks, float* to) {
  // The values of E2M1, doubled to be integers; so the scale is halved.
  static constexpr std::array<std::int8_t, 16> kTable = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  for (std::int64_t b = 0; b < blocks; ++b, from += 17, to += 32) {
    decode_table(from + 1, std::ldexp(1.0F, static_cast<int>(from[0]) - 128), kTable, to);
  }
}

/// Every type that files may have; those without a decoder are known, so that a message can name them.
constexpr std::array<GgufType, 35> kTypes = {{{0, "F32", 1, 4, decode_f32, encode_f32},
                                              {1, "F16", 1, 2, decode_f16, encode_f16},
                                              {2, "Q4_0", 32, 18, decode_q4_0, encode_q4_0},
                                              {3, "Q4_1", 32, 20, decode_q4_1, encode_q4_1},
                                              {6, "Q5_0", 32, 22, decode_q5_0},
                                              {7, "Q5_1", 32, 24, decode_q5_1},
                                              {8, "Q8_0", 32, 34, decode_q8_0, encode_q8_0},
                                              {9, "Q8_1", 32, 36, nullptr},
                                              {10, "Q2_K", 256, 84, nullptr},
                                              {11, "Q3_K", 256, 110, nullptr},
                                              {12, "Q4_K", 256, 144, decode_q4_k, encode_q4_k},
                                              {13, "Q5_K", 256, 176, nullptr},
                                              {14, "Q6_K", 256, 210, decode_q6_k, encode_q6_k},
                                              {15, "Q8_K", 256, 292, nullptr},
                                              {16, "IQ2_XXS", 256, 66, nullptr},
                                              {17, "IQ2_XS", 256, 74, nullptr},
                                              {18, "IQ3_XXS", 256, 98, nullptr},
                                              {19, "IQ1_S", 256, 50, nullptr},
                                              {20, "IQ4_NL", 32, 18, decode_iq4_nl, encode_iq4_nl},
                                              {21, "IQ3_S", 256, 110, nullptr},
                                              {22, "IQ2_S", 256, 82, nullptr},
                                              {23, "IQ4_XS", 256, 136, nullptr},
                                              {24, "I8", 1, 1, nullptr},
                                              {25, "I16", 1, 2, nullptr},
                                              {26, "I32", 1, 4, nullptr},
                                              {27, "I64", 1, 8, nullptr},
                                              {28, "F64", 1, 8, nullptr},
                                              {29, "IQ1_M", 256, 56, nullptr},
                                              {30, "BF16", 1, 2, decode_bf16, encode_bf16},
                                              {34, "TQ1_0", 256, 54, nullptr},
                                              {35, "TQ2_0", 256, 66, nullptr},
                                              {39, "MXFP4", 32, 17, decode_mxfp4},
                                              {40, "NVFP4", 64, 36, nullptr},
                                              {41, "Q1_0", 128, 18, nullptr},
                                              {42, "Q2_0", 64, 18, nullptr}}};

template <typename Wanted>
std::string names_of(const Wanted& wanted) {
  std::string names;
  for (const GgufType& type : kTypes) {
    if (wanted(type)) names += (names.empty() ? "" : ", ") + std::string(type.name);
  }
  return names;
}

}  // namespace

const GgufType* find_gguf_type(std::uint32_t id) {
  for (const GgufType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

const GgufType* find_gguf_type(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const GgufType& type : kTypes) {
    if (type.name == upper) return &type;
  }
  return nullptr;
}

std::string readable_gguf_types() {
  return names_of([](const GgufType& type) { return type.decode != nullptr; });
}

std::string writable_gguf_types() {
  return names_of([](const GgufType& type) { return type.encode != nullptr; });
}

}  // namespace octet
