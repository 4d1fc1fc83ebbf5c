#include "quant/fp8.h"

#include <algorithm>
#include <cmath>

#include "quant/scales.h"
#include "tensor/formats/small_floats.h"

namespace octet {
namespace {

/// The exponent of the smallest power of two that is at least `value`.
int exponent_above(float value) {
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, with a fraction in [0.5, 1)
  return fraction == 0.5F ? exponent - 1 : exponent;
}

}  // namespace

Fp8Weight fp8_quantize(const Tensor& w) {
  const Tensor dense = checked_weights(w);
  Tensor codes = Tensor::empty(w.shape(), DType::u8), scales = Tensor::empty({w.dim(0)}, DType::u8);
  for_each_scale(dense, Granularity::per_channel, 0, [&](std::int64_t row, std::span<const float> values) {
    const float largest = largest_magnitude(values);
    const int exponent = largest == 0.0F ? 0 : std::max(exponent_above(largest / kLargestE4m3), kLowestFp8Scale);
    check(exponent <= kHighestFp8Scale, "[quantize] expected weights of at most 57,344 for fp8, got {}", largest);
    scales.data<std::uint8_t>()[row] = static_cast<std::uint8_t>(127 + exponent);
    std::uint8_t* code = codes.data<std::uint8_t>() + row * w.dim(1);
    for (const float value : values) {
      *code++ = to_e4m3(std::ldexp(value, -exponent));
    }
  });
  return {codes, scales};
}

}  // namespace octet
