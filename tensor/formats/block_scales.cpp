#include "tensor/formats/block_scales.h"

#include <cmath>

#include "tensor/formats/small_floats.h"
#include "tensor/half.h"

namespace octet {
namespace {

void check_tensor(const Tensor& tensor, const Shape& expected, DType dtype, const char* what) {
  check(tensor.defined() && tensor.shape() == expected && tensor.dtype() == dtype,
        "[scales] expected {} of shape {} in {}, got {}", what, expected, name_of(dtype),
        tensor.defined() ? fmt::format("shape {} of {}", tensor.shape(), name_of(tensor.dtype())) : "none");
}

/// decoded[i] = value(i), which FP16 must hold.
template <typename ValueAt>
Tensor decode_each(const Shape& shape, ValueAt value) {
  Tensor decoded = Tensor::empty(shape, DType::f16);
  for (std::int64_t i = 0; i < decoded.elements(); ++i) {
    decoded.data<Float16>()[i] = to_float16(value(i));
  }
  return decoded;
}

Tensor decode_double(const BlockScales& scales, const Shape& expected) {
  check_tensor(scales.codes, expected, DType::i8, "codes of scales");
  const std::int64_t count = scales.codes.elements();
  check_tensor(scales.steps, {(count + kCodesPerStep - 1) / kCodesPerStep}, DType::f32, "steps of scales");
  check_tensor(scales.mean, {1}, DType::f32, "the mean of scales");
  const float mean = scales.mean.data<float>()[0];
  return decode_each(expected, [&](std::int64_t i) {
    const int code = scales.codes.data<std::int8_t>()[i];
    const float scale = mean + static_cast<float>(code) * scales.steps.data<float>()[i / kCodesPerStep];
    const float half = to_float(to_float16(scale));
    check(code != -128 && half > 0.0F && std::isfinite(half),
          "[scales] expected codes from -127 of positive scales that are finite in FP16, got code {} of the scale {}",
          code, scale);
    return scale;
  });
}

Tensor decode_e8m0(const BlockScales& scales, const Shape& expected) {
  check_tensor(scales.codes, expected, DType::u8, "scales");
  return decode_each(expected, [&](std::int64_t i) {
    const std::uint8_t byte = scales.codes.data<std::uint8_t>()[i];
    check(byte >= 127 + kLowestE8m0 && byte <= 127 + kHighestE8m0,
          "[scales] expected e8m0 bytes from {} (2^{}) to {} (2^{}), which FP16 holds, got {}", 127 + kLowestE8m0,
          kLowestE8m0, 127 + kHighestE8m0, kHighestE8m0, byte);
    return from_e8m0(byte);
  });
}

Tensor decode_e4m3(const BlockScales& scales, const Shape& expected) {
  check_tensor(scales.codes, expected, DType::u8, "scales");
  check_tensor(scales.steps, {1}, DType::f32, "the tensor scale");
  const float tensor_scale = scales.steps.data<float>()[0];
  int exponent = 0;
  check(tensor_scale > 0.0F && std::frexp(tensor_scale, &exponent) == 0.5F && exponent - 1 >= kLowestTensorScale &&
            exponent - 1 <= kHighestTensorScale,
        "[scales] expected a power of two from 2^{} to 2^{} as the tensor scale, got {}", kLowestTensorScale,
        kHighestTensorScale, tensor_scale);
  return decode_each(expected, [&](std::int64_t i) {
    const std::uint8_t byte = scales.codes.data<std::uint8_t>()[i];
    check(byte >= 1 && byte < 0x7F, "[scales] expected e4m3 bytes of positive scales, from 1 to 126, got {}", byte);
    return from_e4m3(byte) * tensor_scale;
  });
}

}  // namespace

std::int64_t BlockScales::bytes() const {
  const auto bytes_of = [](const Tensor& tensor) {
    return tensor.defined() ? static_cast<std::int64_t>(tensor.bytes()) : 0;
  };
  return bytes_of(codes) + bytes_of(steps) + bytes_of(mean);
}

Tensor decode(const BlockScales& scales, const Shape& expected) {
  switch (scales.coding) {
    case ScaleCoding::f16:
      break;
    case ScaleCoding::double_quantized:
      return decode_double(scales, expected);
    case ScaleCoding::e8m0:
      return decode_e8m0(scales, expected);
    case ScaleCoding::e4m3:
      return decode_e4m3(scales, expected);
  }
  check_tensor(scales.codes, expected, DType::f16, "scales");
  for (const Float16 half : scales.codes.span<Float16>()) {
    check(std::isfinite(to_float(half)), "[scales] expected finite scales, got {}", to_float(half));
  }
  return scales.codes;
}

}  // namespace octet
