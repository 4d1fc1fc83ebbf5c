#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "io/gguf_types.h"
#include "tensor/formats/any_weight.h"

namespace octet {

/// A matrix (R, C) in blocks of a GGUF type, row after row; C is a multiple of the values of a block.
struct BlockRows {
  const GgufType* type;
  std::int64_t rows;
  std::int64_t columns;
  std::vector<std::uint8_t> bytes;

  std::int64_t row_bytes() const { return columns / type->values * type->bytes; }
};

// Which blocks hold what formats of Octet hold, codes and scales alike:
//
//     Q4_0    int4, groups of 32            code = nibble - 8
//     Q4_1    int4 with minimum, 32         code = nibble
//     Q8_0    int8, groups of 32            the scale in FP16; no code is -128
//     IQ4_NL  table4 of kTable4Levels, 32   nibble
//     MXFP4   mxfp4                         nibble; scales from 2^-24 to 2^15
//     F16, BF16   fp16, bf16                the same; all finite
//
// A block whose codes do not matter, because its scale is 0, gets code 0 and, where a format has no scale of 0, scale
// 1. On the way back blocks of code 0 alone get the scale that the encoder of their type gives to zeros. So values
// never change, and blocks as ggml makes them come back bit for bit.

/// The format with the same values; nothing where none has them: another type, or one of the exceptions.
std::optional<AnyWeight> weight_of_blocks(const BlockRows& blocks);

/// True for types of which weight_of_blocks() has the blocks.
bool has_format(const GgufType& type);

/// The blocks with the codes of `weight`; nothing where the type does not hold them. Codes of fewer bits and larger
/// groups fit too. Scales beyond FP16's precision, those of int8, are rounded to it, at most by 2^-11 of themselves.
std::optional<BlockRows> blocks_of_weight(const AnyWeight& weight, const GgufType& type);

/// The blocks nearest to FP32 values (R, C), by the encoder of the type, which has one.
BlockRows blocks_of_values(const Tensor& values, const GgufType& type);

/// The values (R, C) of blocks of a type that can be read.
Tensor values_of_blocks(const BlockRows& blocks);

}  // namespace octet
