#include "quant/nf4.h"

#include <algorithm>

#include "base/parallel.h"
#include "quant/scales.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"

namespace octet {
Nf4Weight nf4_quantize(const Tensor& w, std::int64_t block) {
  const Tensor dense = checked_weights(w);
  const std::int64_t rows = w.dim(0), columns = w.dim(1);
  Tensor scales = Tensor::empty(scales_shape(rows, columns, Granularity::per_group, block));
  for_each_scale(dense, Granularity::per_group, block, [&](std::int64_t index, std::span<const float> values) {
    const float largest = largest_magnitude(values);
    scales.data<float>()[index] = largest == 0.0F ? 1.0F : storable_scale(largest, largest, 1.0F);
  });
  Tensor nibbles = Tensor::empty(w.shape(), DType::i8);
  const std::int64_t run = std::min(block, columns), blocks = scales.dim(1);
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = row * columns + c;
        const float scale = scales.data<float>()[row * blocks + c / run];
        nibbles.data<std::int8_t>()[i] = static_cast<std::int8_t>(nearest_nf4_level(dense.data<float>()[i] / scale));
      }
    }
  });
  return {pack_nibbles(nibbles), to_half_exactly(scales, "nf4", "scales"), columns, block};
}

}  // namespace octet
