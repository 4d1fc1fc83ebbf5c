#pragma once

#include "base/random.h"
#include "tensor/formats/trellis_weight.h"
#include "tensor/half.h"

namespace octet {

/// A weight (rows, columns) of random bits, with scales of either sign that are small multiples of 2^-10.
inline TrellisWeight random_trellis(int bits, std::int64_t rows, std::int64_t columns) {
  Tensor codes = Tensor::empty({trellis_tiles(rows), trellis_tiles(columns), trellis_tile_bytes(bits)}, DType::u8);
  const Random random(21, static_cast<std::uint64_t>(bits));
  for (std::int64_t i = 0; i < codes.elements(); ++i) {
    codes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
  }
  Tensor scales = Tensor::empty({rows}, DType::f16);
  for (std::int64_t row = 0; row < rows; ++row) {
    scales.data<Float16>()[row] =
        to_float16((row % 3 == 1 ? -1.0F : 1.0F) * static_cast<float>(1 + row % 40) * 0x1p-10F);
  }
  return {codes, scales, columns, bits};
}

}  // namespace octet
