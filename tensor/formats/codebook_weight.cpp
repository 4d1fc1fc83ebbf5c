#include "tensor/formats/codebook_weight.h"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {
namespace {

bool allows(Codebook codebook, ScaleCoding coding) {
  switch (codebook) {
    case Codebook::nf4:
      return coding == ScaleCoding::f16 || coding == ScaleCoding::double_quantized;
    case Codebook::mxfp4:
      return coding == ScaleCoding::e8m0;
    case Codebook::nvfp4:
      return coding == ScaleCoding::e4m3;
    case Codebook::table4:
      break;
  }
  return coding == ScaleCoding::f16;
}

/// -128 is no level: its magnitude is no byte with a sign, which the kernels of AVX2 multiply.
void check_integer_levels(const Tensor& levels) {
  check(levels.defined() && levels.shape() == Shape{16} && levels.dtype() == DType::i8,
        "[codebook weight] expected 16 levels of i8 for table4, got {}",
        levels.defined() ? fmt::format("shape {} of {}", levels.shape(), name_of(levels.dtype())) : "none");
  const std::span<const std::int8_t> values = levels.span<std::int8_t>();
  check(values[0] >= -127 && std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end(),
        "[codebook weight] expected ascending levels from -127 on, got {}", fmt::join(values, " "));
}

}  // namespace

std::int64_t fixed_block(Codebook codebook) {
  switch (codebook) {
    case Codebook::mxfp4:
      return 32;
    case Codebook::nvfp4:
      return 16;
    case Codebook::nf4:
    case Codebook::table4:
      break;
  }
  return 0;
}

Tensor default_table4_levels() {
  return Tensor::from(std::vector<std::int8_t>(kTable4Levels.begin(), kTable4Levels.end()), {16});
}

Levels levels_of(Codebook codebook, const Tensor& integer_levels) {
  if (codebook == Codebook::nf4) {
    return kNf4Levels;
  }
  if (codebook != Codebook::table4) {
    return kE2m1Levels;
  }
  check_integer_levels(integer_levels);
  Levels levels;
  const std::span<const std::int8_t> values = integer_levels.span<std::int8_t>();
  std::copy(values.begin(), values.end(), levels.begin());
  return levels;
}

CodebookWeight::CodebookWeight(Codebook codebook, Tensor nibbles, BlockScales scales, std::int64_t columns,
                               std::int64_t block, Tensor levels)
    : codebook_(codebook),
      nibbles_(std::move(nibbles)),
      stored_scales_(std::move(scales)),
      levels_(levels_of(codebook, levels)),
      integer_levels_(std::move(levels)),
      columns_(columns),
      block_(block) {
  check(nibbles_.rank() == 2 && nibbles_.dtype() == DType::u8 && nibbles_.dim(1) == nibble_bytes(columns),
        "[codebook weight] expected nibbles (R, {}) of u8 for {} columns, got shape {} of {}", nibble_bytes(columns),
        columns, nibbles_.shape(), name_of(nibbles_.dtype()));
  check(fixed_block(codebook) == 0 || block == fixed_block(codebook),
        "[codebook weight] expected blocks of {} for {}, got {}", fixed_block(codebook), enum_name(codebook), block);
  check(allows(codebook, stored_scales_.coding), "[codebook weight] expected another coding of scales for {} than {}",
        enum_name(codebook), enum_name(stored_scales_.coding));
  check((codebook == Codebook::table4) == integer_levels_.defined(),
        "[codebook weight] expected levels for table4 alone, got some for {}", enum_name(codebook));
  scales_ = decode(stored_scales_, scales_shape(rows(), columns, Granularity::per_group, block));
  check_scales();
}

void CodebookWeight::check_scales() const {
  for (const Float16 scale : scales_.span<Float16>()) {
    check(codebook_ == Codebook::table4 || to_float(scale) != 0.0F,
          "[codebook weight] expected scales other than 0 for {}, got 0", enum_name(codebook_));
  }
}

Codes CodebookWeight::codes() const {
  check(has_integer_levels(), "[codebook weight] expected integer levels, got {}", describe());
  Codes codes{Tensor::empty({rows(), columns_}, DType::i8), from_half(scales_), 8, Granularity::per_group, block_};
  for (std::int64_t row = 0; row < rows(); ++row) {
    const std::uint8_t* bytes = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    for (std::int64_t c = 0; c < columns_; ++c) {
      codes.codes.data<std::int8_t>()[row * columns_ + c] = integer_levels_.data<std::int8_t>()[nibble_at(bytes, c)];
    }
  }
  return codes;
}

void CodebookWeight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::int64_t run = std::min(block_, columns_);
  for (std::int64_t row = first; row < first + count; ++row, out += columns_) {
    const std::uint8_t* bytes = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    const Float16* scales = scales_.data<Float16>() + row * scales_.dim(1);
    for (std::int64_t begin = 0; begin < columns_; begin += run) {
      const float scale = to_float(scales[begin / run]);
      for (std::int64_t c = begin; c < std::min(begin + run, columns_); ++c) {
        out[c] = levels_[static_cast<std::size_t>(nibble_at(bytes, c))] * scale;
      }
    }
  }
}

std::int64_t CodebookWeight::bytes() const {
  const std::size_t of_levels = has_integer_levels() ? integer_levels_.bytes() : 0;
  return static_cast<std::int64_t>(nibbles_.bytes() + of_levels) + stored_scales_.bytes();
}

std::string CodebookWeight::describe() const {
  const bool twice = stored_scales_.coding == ScaleCoding::double_quantized;
  return fmt::format("{} per_group {}{}", enum_name(codebook_), block_, twice ? " double quantized" : "");
}

}  // namespace octet
