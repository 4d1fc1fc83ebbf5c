#include "quant/codebook_rounder.h"

#include <algorithm>
#include <utility>

#include "quant/scales.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"

namespace octet {

CodebookRounder::CodebookRounder(std::int64_t rows, std::int64_t columns, Codebook codebook, std::int64_t block,
                                 Tensor levels)
    : codebook_(codebook),
      block_(block),
      columns_(columns),
      scales_(Tensor::full(scales_shape(rows, columns, Granularity::per_group, block), 1.0F)),
      codes_(Tensor::empty({rows, columns}, DType::i8)),
      integer_levels_(codebook == Codebook::table4 && !levels.defined() ? default_table4_levels() : std::move(levels)),
      levels_(levels_of(codebook, integer_levels_)),
      run_(std::min(block, columns)) {
  if (codebook != Codebook::nf4 && codebook != Codebook::table4) {
    fail(ErrorKind::config, "[quantize] expected nf4 or table4, whose scales are FP16, got {}", enum_name(codebook));
  }
}

void CodebookRounder::fit(std::int64_t row, std::int64_t column, std::span<const float> values,
                          std::span<const float> weights) {
  if (largest_magnitude(values) > 0.0F) {
    const float found = find_codebook_scale(values, weights, levels_);
    scale(row, column) = found != 0.0F ? found : 0x1p-24F;  // the smallest number of FP16
  }
}

float CodebookRounder::round(std::int64_t row, std::int64_t column, float x) {
  const float step = scale(row, column);
  const int level = nearest_level(x / step, levels_);
  codes_.data<std::int8_t>()[row * columns_ + column] = static_cast<std::int8_t>(level);
  return levels_[static_cast<std::size_t>(level)] * step;
}

AnyWeight CodebookRounder::weight() {
  BlockScales scales{ScaleCoding::f16, to_half_exactly(scales_, enum_name(codebook_).data(), "scales")};
  return CodebookWeight(codebook_, pack_nibbles(codes_), std::move(scales), columns_, block_, integer_levels_);
}

}  // namespace octet
