#include "quant/nf4.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "quant/storable.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"

namespace octet {
namespace {

float block_scale(const float* values, std::int64_t count) {
  float largest = 0.0F;
  for (std::int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::fabs(values[i]));
  }
  return largest == 0.0F ? 1.0F : storable_scale(largest, largest, 1.0F);
}

}  // namespace

Nf4Weight nf4_quantize(const Tensor& w, std::int64_t block) {
  const Tensor dense = checked_weights(w);
  const std::int64_t rows = w.dim(0), columns = w.dim(1);
  Tensor scales = Tensor::empty(scales_shape(rows, columns, Granularity::per_group, block));
  Tensor nibbles = Tensor::empty(w.shape(), DType::i8);
  const std::int64_t run = std::min(block, columns), blocks = scales.dim(1);
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t index = 0; index < blocks; ++index) {
        const std::int64_t first = row * columns + index * run, count = std::min(run, columns - index * run);
        const float scale = block_scale(dense.data<float>() + first, count);
        scales.data<float>()[row * blocks + index] = scale;
        for (std::int64_t i = first; i < first + count; ++i) {
          nibbles.data<std::int8_t>()[i] = static_cast<std::int8_t>(nearest_nf4_level(dense.data<float>()[i] / scale));
        }
      }
    }
  });
  return {pack_nibbles(nibbles), to_half_exactly(scales, "nf4", "scales"), columns, block};
}

}  // namespace octet
