#include "tensor/formats/trellis_weight.h"

#include <cmath>

#include "tensor/half.h"
#include "tensor/kernels/trellis_code.h"

namespace octet {
namespace {

/// By the definition, bit by bit.
std::uint32_t state_at(const std::uint8_t* ring, std::int64_t place, int bits) {
  std::uint32_t state = 0;
  for (int i = 0; i < kTrellisStateBits; ++i) {
    const std::int64_t bit = (place * bits + i) % (kTrellisLength * bits);
    state |= (ring[bit / 8] >> bit % 8 & 1U) << i;
  }
  return state;
}

}  // namespace

TrellisWeight::TrellisWeight(Tensor codes, Tensor scales, std::int64_t columns, int bits)
    : codes_(std::move(codes)), scales_(std::move(scales)), columns_(columns), bits_(bits) {
  if (bits < 2 || bits > 4) {
    fail(ErrorKind::config, "[trellis weight] expected 2 to 4 bits, got {}", bits);
  }
  check(columns >= 1, "[trellis weight] expected at least 1 column, got {}", columns);
  check(scales_.rank() == 1 && scales_.dtype() == DType::f16 && scales_.elements() > 0,
        "[trellis weight] expected a scale of f16 for each row, got shape {} of {}", scales_.shape(),
        name_of(scales_.dtype()));
  const Shape expected{trellis_tiles(rows()), trellis_tiles(columns), trellis_tile_bytes(bits)};
  check(codes_.shape() == expected && codes_.dtype() == DType::u8,
        "[trellis weight] expected codes {} of u8 for {} rows and {} columns of {} bits, got shape {} of {}", expected,
        rows(), columns, bits, codes_.shape(), name_of(codes_.dtype()));
  for (const Float16 scale : scales_.span<Float16>()) {
    check(std::isfinite(to_float(scale)), "[trellis weight] expected finite scales, got {}", to_float(scale));
  }
}

void TrellisWeight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::int64_t tiles = codes_.dim(1), bytes = codes_.dim(2);
  for (std::int64_t row = first; row < first + count; ++row, out += columns_) {
    const float scale = to_float(scales_.data<Float16>()[row]);
    const std::uint8_t* rings = codes_.data<std::uint8_t>() + row / kTrellisTile * tiles * bytes;
    for (std::int64_t c = 0; c < columns_; ++c) {
      const std::int64_t place = c % kTrellisTile * kTrellisTile + row % kTrellisTile;
      out[c] = trellis_level(state_at(rings + c / kTrellisTile * bytes, place, bits_)) * scale;
    }
  }
}

std::string TrellisWeight::describe() const {
  return fmt::format("trellis per_channel ({} bits)", bits_);
}

}  // namespace octet
