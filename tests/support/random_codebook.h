#pragma once

#include "base/random.h"
#include "tensor/formats/codebook_weight.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {

/// Scales of every coding but double quantization: small multiples of 2^-10, and for e8m0 powers of two. Those of f16
/// have either sign.
inline BlockScales random_scales(Codebook codebook, const Shape& shape) {
  const Random random(11);
  const auto below = [&](std::int64_t i, std::uint64_t end) {
    return random.below(static_cast<std::uint64_t>(i), end);
  };
  if (codebook == Codebook::nf4 || codebook == Codebook::table4) {
    Tensor scales = Tensor::empty(shape, DType::f16);
    for (std::int64_t i = 0; i < scales.elements(); ++i) {
      const float sign = i % 3 == 1 ? -1.0F : 1.0F;
      scales.data<Float16>()[i] = to_float16(sign * static_cast<float>(1 + below(i, 40)) * 0x1p-10F);
    }
    return {ScaleCoding::f16, scales};
  }
  Tensor bytes = Tensor::empty(shape, DType::u8);
  const bool powers = codebook == Codebook::mxfp4;
  for (std::int64_t i = 0; i < bytes.elements(); ++i) {
    bytes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(powers ? 117 + below(i, 8) : 1 + below(i, 48));
  }
  return powers ? BlockScales{ScaleCoding::e8m0, bytes}
                : BlockScales{ScaleCoding::e4m3, bytes, Tensor::full({1}, 0x1p-2F)};
}

/// A weight (rows, columns) with nibbles of every level. mxfp4 and nvfp4 have the blocks that they prescribe.
inline CodebookWeight random_codebook(Codebook codebook, std::int64_t rows, std::int64_t columns, std::int64_t block) {
  block = fixed_block(codebook) == 0 ? block : fixed_block(codebook);
  Tensor nibbles = Tensor::empty({rows, nibble_bytes(columns)}, DType::u8);
  const Random random(8);
  for (std::int64_t i = 0; i < nibbles.elements(); ++i) {
    nibbles.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
  }
  const Shape shape = scales_shape(rows, columns, Granularity::per_group, block);
  const Tensor levels = codebook == Codebook::table4 ? default_table4_levels() : Tensor();
  return {codebook, nibbles, random_scales(codebook, shape), columns, block, levels};
}

}  // namespace octet
