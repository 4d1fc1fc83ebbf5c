#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace octet {

/// How GGUF stores numbers: blocks of a fixed count of values in a fixed number of bytes, row after row.
///
///     d, m     FP16 scale and minimum of the block      q     integer code of a value
///     j        0 .. 15: byte j holds the code of value j in its low nibble, of value j + 16 in its high one
///
///     F32, F16, BF16   1 value                                      as it is
///     Q8_0     32 values, 34 bytes     d, i8 q[32]                  w = d q
///     Q4_0     32 values, 18 bytes     d, nibbles[16]               w = d (q - 8)
///     Q4_1     32 values, 20 bytes     d, m, nibbles[16]            w = d q + m
///     Q5_0     32 values, 22 bytes     d, u32 fifth bits, nibbles   w = d (q - 16)
///     Q5_1     32 values, 24 bytes     d, m, u32, nibbles           w = d q + m
///     Q4_K    256 values, 144 bytes    d, m, 6-bit scales and minimums of 8 groups in 12 bytes, nibbles
///     Q6_K    256 values, 210 bytes    low nibbles[128], high pairs[64], i8 scales[16], d
///     IQ4_NL   32 values, 18 bytes     d, nibbles[16]               w = d kTable4Levels[q]
///     MXFP4    32 values, 17 bytes     E8M0 scale, nibbles[16]      w = scale e2m1(q)
///
/// Source: ggml (MIT), ggml-common.h and ggml-quants.c; docs/gguf.md.
struct GgufType {
  std::uint32_t id;
  std::string_view name;
  std::int64_t values;  ///< of a block
  std::int64_t bytes;   ///< of a block
  /// Turns `blocks` blocks into values; null for a type that Octet does not read.
  void (*decode)(const std::uint8_t* from, std::int64_t blocks, float* to);
  /// The inverse, by io/gguf_encode.h; null for a type that Octet does not make from values.
  void (*encode)(const float* from, std::int64_t blocks, std::uint8_t* to) = nullptr;
};

/// The type of this id; null for one that does not exist, or no longer.
const GgufType* find_gguf_type(std::uint32_t id);
/// The type of this name, in upper or lower case; null for one that does not exist.
const GgufType* find_gguf_type(std::string_view name);

/// The names of the types that can be read, or made from values, for messages.
std::string readable_gguf_types();
std::string writable_gguf_types();

}  // namespace octet
