#include "tensor/formats/nibbles.h"

#include <algorithm>

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

std::int64_t dense_bytes(std::int64_t columns, int bits) {
  return columns / 8 * bits + (columns % 8 * bits + 7) / 8;  // columns * bits might overflow
}

Tensor pack_dense(const Tensor& nibbles, std::int64_t columns, int bits) {
  const std::int64_t row_bytes = dense_bytes(columns, bits);
  Tensor dense = Tensor::empty({nibbles.dim(0), row_bytes}, DType::u8);
  for (std::int64_t row = 0; row < nibbles.dim(0); ++row) {
    const std::uint8_t* from = nibbles.data<std::uint8_t>() + row * nibbles.dim(1);
    std::uint8_t* to = dense.data<std::uint8_t>() + row * row_bytes;
    std::fill_n(to, row_bytes, std::uint8_t{0});
    for (std::int64_t c = 0; c < columns; ++c) {
      for (int bit = 0; bit < bits; ++bit) {
        const std::int64_t place = c * bits + bit;
        to[place / 8] |= static_cast<std::uint8_t>((nibble_at(from, c) >> bit & 1) << place % 8);
      }
    }
  }
  return dense;
}

Tensor unpack_dense(const Tensor& dense, std::int64_t columns, int bits, bool with_sign) {
  check(dense.rank() == 2 && dense.dtype() == DType::u8 && dense.dim(1) == dense_bytes(columns, bits),
        "[codes] expected {}-bit codes (R, {}) of u8 for {} columns, got shape {} of {}", bits,
        dense_bytes(columns, bits), columns, dense.shape(), name_of(dense.dtype()));
  Tensor codes = Tensor::empty({dense.dim(0), columns}, DType::i8);
  const int sign = with_sign ? 1 << (bits - 1) : 0;
  for (std::int64_t row = 0; row < dense.dim(0); ++row) {
    const std::uint8_t* from = dense.data<std::uint8_t>() + row * dense.dim(1);
    for (std::int64_t c = 0; c < columns; ++c) {
      int code = 0;
      for (int bit = 0; bit < bits; ++bit) {
        const std::int64_t place = c * bits + bit;
        code |= (from[place / 8] >> place % 8 & 1) << bit;
      }
      codes.data<std::int8_t>()[row * columns + c] = static_cast<std::int8_t>((code ^ sign) - sign);
    }
  }
  return pack_nibbles(codes);
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
