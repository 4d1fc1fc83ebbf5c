#include "tensor/formats/int4_weight.h"

#include <algorithm>

#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {
namespace {

/// Two's complement of four bits: 8..15 stand for -8..-1.
int signed_nibble(int nibble) {
  return (nibble ^ 8) - 8;
}

}  // namespace

Int4Weight::Int4Weight(const Codes& codes)
    : columns_(codes.columns()), bits_(codes.bits), granularity_(codes.granularity), group_(codes.group) {
  validate(codes);
  check(codes.bits <= 4, "[int4 weight] expected codes of at most 4 bits, got {}", codes.bits);
  nibbles_ = pack_nibbles(codes.codes);
  scales_ = to_half_exactly(codes.scales, "int4 weight", "scales");
  if (!codes.is_symmetric()) {
    minimums_ = to_half_exactly(codes.minimums, "int4 weight", "minimums");
  }
}

Int4Weight::Int4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, int bits, Granularity granularity,
                       std::int64_t group, Tensor minimums)
    : nibbles_(std::move(nibbles)),
      scales_(std::move(scales)),
      minimums_(std::move(minimums)),
      columns_(columns),
      bits_(bits),
      granularity_(granularity),
      group_(group) {
  check(bits <= 4, "[int4 weight] expected codes of at most 4 bits, got {}", bits);
  check(nibbles_.rank() == 2 && nibbles_.dtype() == DType::u8 && nibbles_.dim(1) == nibble_bytes(columns),
        "[int4 weight] expected nibbles (R, {}) of u8 for {} columns, got shape {} of {}", nibble_bytes(columns),
        columns, nibbles_.shape(), name_of(nibbles_.dtype()));
  check(scales_.dtype() == DType::f16, "[int4 weight] expected scales of f16, got {}", name_of(scales_.dtype()));
  check(is_symmetric() || minimums_.dtype() == DType::f16, "[int4 weight] expected minimums of f16, got {}",
        is_symmetric() ? "" : name_of(minimums_.dtype()));
  validate(codes());
}

Codes Int4Weight::codes() const {
  Codes codes{Tensor::empty({rows(), columns_}, DType::i8), from_half(scales_), bits_, granularity_, group_};
  for (std::int64_t row = 0; row < rows(); ++row) {
    const std::uint8_t* bytes = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    std::int8_t* code = codes.codes.data<std::int8_t>() + row * columns_;
    for (std::int64_t c = 0; c < columns_; ++c) {
      const int nibble = nibble_at(bytes, c);
      code[c] = static_cast<std::int8_t>(is_symmetric() ? signed_nibble(nibble) : nibble);
    }
  }
  if (!is_symmetric()) {
    codes.minimums = from_half(minimums_);
  }
  return codes;
}

void Int4Weight::dequantize_rows(std::int64_t first, std::int64_t count, float* out) const {
  const std::int64_t run = Codes::scale_run(granularity_, group_, columns_);
  const std::int64_t scales_per_row = granularity_ == Granularity::per_tensor ? 0 : scales_.elements() / rows();
  for (std::int64_t row = first; row < first + count; ++row, out += columns_) {
    const std::uint8_t* bytes = nibbles_.data<std::uint8_t>() + row * nibbles_.dim(1);
    for (std::int64_t begin = 0; begin < columns_; begin += run) {
      const std::int64_t index = row * scales_per_row + begin / run;
      const float scale = to_float(scales_.data<Float16>()[index]);
      const float minimum = is_symmetric() ? 0.0F : to_float(minimums_.data<Float16>()[index]);
      for (std::int64_t c = begin; c < std::min(begin + run, columns_); ++c) {
        const int nibble = nibble_at(bytes, c);
        out[c] = static_cast<float>(is_symmetric() ? signed_nibble(nibble) : nibble) * scale + minimum;
      }
    }
  }
}

std::int64_t Int4Weight::bytes() const {
  return rows() * dense_bytes(columns_, bits_) +
         static_cast<std::int64_t>(scales_.bytes() + (is_symmetric() ? 0 : minimums_.bytes()));
}

std::string Int4Weight::describe() const {
  return fmt::format("int4 {}", octet::describe(Codes{{}, {}, bits_, granularity_, group_, minimums_}, 4));
}

}  // namespace octet
