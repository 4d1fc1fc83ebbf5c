#include "quant/codebook.h"

#include <algorithm>

#include "base/parallel.h"
#include "quant/scales.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {
namespace {

/// Scales (R, blocks) of f32.
Tensor find_scales(const Tensor& w, const CodebookFormat& format, const CodebookOptions& options) {
  Tensor scales = Tensor::empty(scales_shape(w.dim(0), w.dim(1), Granularity::per_group, options.block));
  const std::int64_t run = std::min(options.block, w.dim(1)), blocks = scales.dim(1);
  const std::span<const float> importance = options.importance;
  for_each_scale(w, Granularity::per_group, options.block, [&](std::int64_t index, std::span<const float> values) {
    const auto first = static_cast<std::size_t>(index % blocks * run);
    scales.data<float>()[index] =
        format.scale_of(values, importance.empty() ? importance : importance.subspan(first, values.size()));
  });
  return scales;
}

/// The nibbles of w for the scales as they are stored, (R, blocks) f16.
Tensor nibbles_of(const Tensor& w, const Tensor& scales, const Levels& levels, std::int64_t block) {
  Tensor codes = Tensor::empty(w.shape(), DType::i8);
  const std::int64_t columns = w.dim(1), run = std::min(block, columns), blocks = scales.dim(1);
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = row * columns + c;
        const float scale = to_float(scales.data<Float16>()[row * blocks + c / run]);
        codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(nearest_level(w.data<float>()[i] / scale, levels));
      }
    }
  });
  return pack_nibbles(codes);
}

}  // namespace

CodebookWeight codebook_quantize(const Tensor& w, const CodebookOptions& options) {
  const Tensor dense = checked_weights(w);
  const CodebookFormat format(dense, options);
  const Tensor found = find_scales(dense, format, options);
  BlockScales scales = format.encode(found);
  const Tensor nibbles = nibbles_of(dense, decode(scales, found.shape()), format.levels(), options.block);
  return {options.codebook, nibbles, std::move(scales), w.dim(1), options.block, format.integer_levels()};
}

}  // namespace octet
