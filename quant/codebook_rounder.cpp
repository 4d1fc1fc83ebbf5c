#include "quant/codebook_rounder.h"

#include <algorithm>
#include <utility>

#include "quant/codebook.h"
#include "quant/scales.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {
namespace {

CodebookOptions searched(CodebookOptions options) {
  options.scale = CodebookScale::search;
  return options;
}

}  // namespace

CodebookRounder::CodebookRounder(const Tensor& w, const CodebookOptions& options)
    : codebook_(options.codebook),
      format_(checked_weights(w), searched(options)),
      block_(options.block),
      columns_(w.dim(1)),
      run_(std::min(block_, columns_)),
      scales_(Tensor::full(scales_shape(w.dim(0), columns_, Granularity::per_group, block_), 1.0F)),
      codes_(Tensor::empty(w.shape(), DType::i8)) {
  if (options.double_quantized) {
    const CodebookWeight nearest = codebook_quantize(w, searched(options));
    fixed_ = nearest.stored_scales();
    scales_ = from_half(nearest.scales());
  }
}

void CodebookRounder::fit(std::int64_t row, std::int64_t column, std::span<const float> values,
                          std::span<const float> weights) {
  if (!fixed_) {
    scale(row, column) = format_.scale_of(values, weights);
  }
}

float CodebookRounder::round(std::int64_t row, std::int64_t column, float x) {
  const float step = scale(row, column);
  const int level = nearest_level(x / step, format_.levels());
  codes_.data<std::int8_t>()[row * columns_ + column] = static_cast<std::int8_t>(level);
  return format_.levels()[static_cast<std::size_t>(level)] * step;
}

AnyWeight CodebookRounder::weight() {
  return CodebookWeight(codebook_, pack_nibbles(codes_), fixed_ ? *fixed_ : format_.encode(scales_), columns_, block_,
                        format_.integer_levels());
}

}  // namespace octet
