#include "tensor/formats/int4_weight.h"

#include <algorithm>

#include "base/parallel.h"
#include "tensor/half.h"

namespace octet {
namespace {

Tensor pack_nibbles(const Codes& codes) {
  const std::int64_t columns = codes.columns(), row_bytes = (columns + 1) / 2;
  Tensor nibbles = Tensor::empty({codes.rows(), row_bytes}, DType::u8);
  for (std::int64_t row = 0; row < codes.rows(); ++row) {
    const std::int8_t* code = codes.codes.data<std::int8_t>() + row * columns;
    std::uint8_t* byte = nibbles.data<std::uint8_t>() + row * row_bytes;
    for (std::int64_t c = 0; c < columns; c += 2) {
      const int high = c + 1 < columns ? code[c + 1] : 0;
      byte[c / 2] = static_cast<std::uint8_t>((code[c] & 15) | (high & 15) << 4);
    }
  }
  return nibbles;
}

/// Two's complement of four bits: 8..15 stand for -8..-1.
std::int8_t signed_nibble(int nibble) {
  return static_cast<std::int8_t>((nibble ^ 8) - 8);
}

Tensor to_half_exactly(const Tensor& scales) {
  Tensor half = Tensor::empty(scales.shape(), DType::f16);
  for (std::int64_t i = 0; i < scales.elements(); ++i) {
    const float scale = scales.data<float>()[i];
    half.data<Float16>()[i] = to_float16(scale);
    check(to_float(half.data<Float16>()[i]) == scale,
          "[int4 weight] expected scales that FP16 holds exactly, got {} at index {}: quantize with scales in f16",
          scale, i);
  }
  return half;
}

}  // namespace

Int4Weight::Int4Weight(const Codes& codes)
    : columns_(codes.columns()), bits_(codes.bits), granularity_(codes.granularity), group_(codes.group) {
  validate(codes);
  check(codes.bits <= 4, "[int4 weight] expected codes of at most 4 bits, got {}", codes.bits);
  nibbles_ = pack_nibbles(codes);
  scales_ = to_half_exactly(codes.scales);
}

Int4Weight::Int4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, int bits, Granularity granularity,
                       std::int64_t group)
    : nibbles_(std::move(nibbles)),
      scales_(std::move(scales)),
      columns_(columns),
      bits_(bits),
      granularity_(granularity),
      group_(group) {
  check(bits <= 4, "[int4 weight] expected codes of at most 4 bits, got {}", bits);
  check(nibbles_.rank() == 2 && nibbles_.dtype() == DType::u8 && nibbles_.dim(1) == (columns + 1) / 2,
        "[int4 weight] expected nibbles (R, {}) of u8 for {} columns, got shape {} of {}", (columns + 1) / 2, columns,
        nibbles_.shape(), name_of(nibbles_.dtype()));
  check(scales_.dtype() == DType::f16, "[int4 weight] expected scales of f16, got {}", name_of(scales_.dtype()));
  validate(codes());
}

Codes Int4Weight::codes() const {
  Codes codes{Tensor::empty({rows(), columns_}, DType::i8), Tensor::empty(scales_.shape()), bits_, granularity_,
              group_};
  for (std::int64_t row = 0; row < rows(); ++row) {
    const std::uint8_t* byte = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    std::int8_t* code = codes.codes.data<std::int8_t>() + row * columns_;
    for (std::int64_t c = 0; c < columns_; ++c) {
      code[c] = signed_nibble(c % 2 == 0 ? byte[c / 2] & 15 : byte[c / 2] >> 4);
    }
  }
  for (std::int64_t i = 0; i < scales_.elements(); ++i) {
    codes.scales.data<float>()[i] = to_float(scales_.data<Float16>()[i]);
  }
  return codes;
}

Tensor Int4Weight::dequantize() const {
  Tensor result = Tensor::empty({rows(), columns_});
  float* out = result.data<float>();
  parallel_for(rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    dequantize_rows(begin, end - begin, out + begin * columns_);
  });
  return result;
}

void Int4Weight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::int64_t row_bytes = nibbles_.dim(1), run = Codes::scale_run(granularity_, group_, columns_);
  const std::int64_t scales_per_row = granularity_ == Granularity::per_tensor ? 0 : scales_.elements() / rows();
  for (std::int64_t row = first; row < first + count; ++row, out += columns_) {
    const std::uint8_t* byte = nibbles_.data<std::uint8_t>() + row * row_bytes;
    for (std::int64_t pair = 0; pair < columns_ / 2; ++pair) {
      out[2 * pair] = static_cast<float>(signed_nibble(byte[pair] & 15));
      out[2 * pair + 1] = static_cast<float>(signed_nibble(byte[pair] >> 4));
    }
    if (columns_ % 2 != 0) {
      out[columns_ - 1] = static_cast<float>(signed_nibble(byte[columns_ / 2] & 15));
    }
    const Float16* scale = scales_.data<Float16>() + row * scales_per_row;
    for (std::int64_t begin = 0; begin < columns_; begin += run) {
      const float factor = to_float(scale[begin / run]);
      for (std::int64_t c = begin; c < std::min(begin + run, columns_); ++c) {
        out[c] *= factor;
      }
    }
  }
}

std::int64_t Int4Weight::bytes() const {
  return rows() * ((columns_ + 1) / 2) + 2 * scales_.elements();
}

std::string Int4Weight::describe() const {
  return fmt::format("int4 {}", octet::describe(Codes{{}, {}, bits_, granularity_, group_}, 4));
}

}  // namespace octet
