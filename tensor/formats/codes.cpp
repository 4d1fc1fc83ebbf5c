#include "tensor/formats/codes.h"

#include <algorithm>

#include "base/parallel.h"

namespace octet {

std::int64_t Codes::scale_run(Granularity granularity, std::int64_t group, std::int64_t columns) {
  return granularity == Granularity::per_group ? std::min(group, columns) : columns;
}

std::int64_t Codes::index(std::int64_t row, std::int64_t group_index) const {
  switch (granularity) {
    case Granularity::per_tensor:
      return 0;
    case Granularity::per_channel:
      return row;
    case Granularity::per_group:
      return row * groups() + group_index;
  }
  return 0;
}

int Codes::lowest_code() const {
  return is_symmetric() ? octet::lowest_code(bits) : 0;
}

int Codes::highest_code() const {
  return is_symmetric() ? largest_code(bits) : 2 * largest_code(bits) + 1;
}

Shape scales_shape(std::int64_t rows, std::int64_t columns, Granularity granularity, std::int64_t group) {
  switch (granularity) {
    case Granularity::per_tensor:
      return {1};
    case Granularity::per_channel:
      return {rows};
    case Granularity::per_group:
      if (group < 1) {
        fail(ErrorKind::config, "[quantize] expected a group of at least 1 column, got {}", group);
      }
      return {rows, group >= columns ? 1 : (columns - 1) / group + 1};  // columns + group might overflow
  }
  return {};
}

int largest_code(int bits) {
  if (bits < 2 || bits > 8) {
    fail(ErrorKind::config, "[quantize] expected 2 to 8 bits, got {}", bits);
  }
  return (1 << (bits - 1)) - 1;
}

int lowest_code(int bits) {
  return bits == 8 ? -largest_code(bits) : -largest_code(bits) - 1;
}

std::string describe(const Codes& codes, int stored) {
  std::string text{enum_name(codes.granularity)};
  if (codes.granularity == Granularity::per_group) {
    text += fmt::format(" {}", codes.group);
  }
  if (codes.bits < stored) {
    text += fmt::format(" ({}-bit codes)", codes.bits);
  }
  return codes.is_symmetric() ? text : text + " with minimum";
}

void validate(const Codes& codes) {
  check(codes.codes.rank() == 2 && codes.codes.dtype() == DType::i8 && codes.codes.elements() > 0,
        "[codes] expected a matrix of i8 codes, got shape {} of {}", codes.codes.shape(), name_of(codes.codes.dtype()));
  const Shape expected = scales_shape(codes.rows(), codes.columns(), codes.granularity, codes.group);
  check(codes.scales.shape() == expected && codes.scales.dtype() == DType::f32,
        "[codes] expected {} scales of shape {} in f32, got shape {} of {}", enum_name(codes.granularity), expected,
        codes.scales.shape(), name_of(codes.scales.dtype()));
  if (!codes.is_symmetric()) {
    check(codes.minimums.shape() == expected && codes.minimums.dtype() == DType::f32,
          "[codes] expected minimums of shape {} in f32 like the scales, got shape {} of {}", expected,
          codes.minimums.shape(), name_of(codes.minimums.dtype()));
    check(codes.bits <= 7, "[codes] expected at most 7 bits for codes with a minimum, got {}", codes.bits);
  }
  const int low = codes.lowest_code(), high = codes.highest_code();
  const auto values = codes.codes.span<std::int8_t>();
  const auto bad = std::find_if(values.begin(), values.end(), [&](int code) { return code < low || code > high; });
  check(bad == values.end(), "[codes] expected codes of {} bits in [{}, {}], got {} at row {}, column {}", codes.bits,
        low, high, bad == values.end() ? 0 : *bad, (bad - values.begin()) / codes.columns(),
        (bad - values.begin()) % codes.columns());
}

void dequantize_rows(const Codes& codes, std::int64_t first, std::int64_t count, float* out) {
  const std::int64_t columns = codes.columns();
  const std::int64_t run = codes.columns_per_scale();
  const std::int8_t* code = codes.codes.data<std::int8_t>();
  for (std::int64_t row = first; row < first + count; ++row) {
    for (std::int64_t begin = 0; begin < columns; begin += run) {
      const float scale = codes.scale(row, begin / run), minimum = codes.minimum(row, begin / run);
      const std::int64_t end = std::min(begin + run, columns);
      for (std::int64_t c = begin; c < end; ++c) {
        out[(row - first) * columns + c] = static_cast<float>(code[row * columns + c]) * scale + minimum;
      }
    }
  }
}

Tensor dequantize(const Codes& codes) {
  Tensor result = Tensor::empty(codes.codes.shape());
  float* out = result.data<float>();
  parallel_for(codes.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    dequantize_rows(codes, begin, end - begin, out + begin * codes.columns());
  });
  return result;
}

}  // namespace octet
