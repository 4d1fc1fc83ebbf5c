#include "tensor/formats/fp8_weight.h"

#include "tensor/formats/small_floats.h"

namespace octet {

Fp8Weight::Fp8Weight(Tensor codes, Tensor scales) : codes_(std::move(codes)), scales_(std::move(scales)) {
  check(codes_.rank() == 2 && codes_.dtype() == DType::u8 && codes_.elements() > 0,
        "[fp8 weight] expected a matrix of u8 codes, got shape {} of {}", codes_.shape(), name_of(codes_.dtype()));
  check(scales_.shape() == Shape{rows()} && scales_.dtype() == DType::u8,
        "[fp8 weight] expected scales of shape {} in u8, got shape {} of {}", Shape{rows()}, scales_.shape(),
        name_of(scales_.dtype()));
  for (const std::uint8_t code : codes_.span<std::uint8_t>()) {
    check((code & 0x7F) != 0x7F, "[fp8 weight] expected e4m3 numbers, got the NaN {}", code);
  }
  for (const std::uint8_t scale : scales_.span<std::uint8_t>()) {
    check(scale >= 127 + kLowestFp8Scale && scale <= 127 + kHighestFp8Scale,
          "[fp8 weight] expected e8m0 scales from {} (2^{}) to {} (2^{}), got {}", 127 + kLowestFp8Scale,
          kLowestFp8Scale, 127 + kHighestFp8Scale, kHighestFp8Scale, scale);
  }
}

void Fp8Weight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::uint8_t* code = codes_.data<std::uint8_t>() + first * columns();
  for (std::int64_t row = first; row < first + count; ++row) {
    const float scale = from_e8m0(scales_.data<std::uint8_t>()[row]);
    for (std::int64_t c = 0; c < columns(); ++c) {
      *out++ = from_e4m3(*code++) * scale;
    }
  }
}

HalfWeight Fp8Weight::to_half() const {
  Tensor values = Tensor::empty({rows(), columns()});
  dequantize_rows(0, rows(), values.data<float>());
  return HalfWeight::quantize(values, DType::f16);
}

}  // namespace octet
