#include "tensor/formats/nf4_weight.h"

#include <algorithm>

#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {

int nearest_nf4_level(float x) {
  const auto above = std::lower_bound(kNf4Levels.begin(), kNf4Levels.end(), x);
  if (above == kNf4Levels.begin()) {
    return 0;
  }
  const auto index = static_cast<int>(above - kNf4Levels.begin());
  if (above == kNf4Levels.end()) {
    return index - 1;
  }
  return x - *(above - 1) <= *above - x ? index - 1 : index;
}

Nf4Weight::Nf4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, std::int64_t block)
    : nibbles_(std::move(nibbles)), scales_(std::move(scales)), columns_(columns), block_(block) {
  check(nibbles_.rank() == 2 && nibbles_.dtype() == DType::u8 && nibbles_.dim(1) == nibble_bytes(columns),
        "[nf4 weight] expected nibbles (R, {}) of u8 for {} columns, got shape {} of {}", nibble_bytes(columns),
        columns, nibbles_.shape(), name_of(nibbles_.dtype()));
  const Shape expected = scales_shape(rows(), columns, Granularity::per_group, block);
  check(scales_.shape() == expected && scales_.dtype() == DType::f16,
        "[nf4 weight] expected scales of shape {} in f16, got shape {} of {}", expected, scales_.shape(),
        name_of(scales_.dtype()));
}

void Nf4Weight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::int64_t run = std::min(block_, columns_);
  for (std::int64_t row = first; row < first + count; ++row, out += columns_) {
    const std::uint8_t* bytes = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    const Float16* scales = scales_.data<Float16>() + row * scales_.dim(1);
    for (std::int64_t begin = 0; begin < columns_; begin += run) {
      const float scale = to_float(scales[begin / run]);
      for (std::int64_t c = begin; c < std::min(begin + run, columns_); ++c) {
        out[c] = kNf4Levels[static_cast<std::size_t>(nibble_at(bytes, c))] * scale;
      }
    }
  }
}

std::int64_t Nf4Weight::bytes() const {
  return static_cast<std::int64_t>(nibbles_.bytes() + scales_.bytes());
}

std::string Nf4Weight::describe() const {
  return fmt::format("nf4 per_group {}", block_);
}

}  // namespace octet
