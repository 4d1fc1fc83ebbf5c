#include "tensor/formats/nibbles.h"

#include "tensor/half.h"

namespace octet {

Tensor pack_nibbles(const Tensor& codes) {
  const std::int64_t rows = codes.dim(0), columns = codes.dim(1), row_bytes = nibble_bytes(columns);
  Tensor nibbles = Tensor::empty({rows, row_bytes}, DType::u8);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int8_t* code = codes.data<std::int8_t>() + row * columns;
    std::uint8_t* byte = nibbles.data<std::uint8_t>() + row * row_bytes;
    for (std::int64_t c = 0; c < columns; c += 2) {
      const int high = c + 1 < columns ? code[c + 1] : 0;
      byte[c / 2] = static_cast<std::uint8_t>((code[c] & 15) | (high & 15) << 4);
    }
  }
  return nibbles;
}

Tensor to_half_exactly(const Tensor& values, const char* op, const char* what) {
  Tensor half = Tensor::empty(values.shape(), DType::f16);
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    const float value = values.data<float>()[i];
    half.data<Float16>()[i] = to_float16(value);
    check(to_float(half.data<Float16>()[i]) == value,
          "[{}] expected {} that FP16 holds exactly, got {} at index {}: quantize with scales in f16", op, what, value,
          i);
  }
  return half;
}

Tensor from_half(const Tensor& values) {
  Tensor result = Tensor::empty(values.shape());
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    result.data<float>()[i] = to_float(values.data<Float16>()[i]);
  }
  return result;
}

}  // namespace octet
