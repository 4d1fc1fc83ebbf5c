#include "tensor/formats/packed_weight.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"

namespace octet {
namespace {

/// The unsigned byte or nibble that stands for code 0.
int zero_code(PackedFormat format) {
  return format == PackedFormat::int8 ? 128 : 8;
}

/// What the nibbles of int4 stand for: -8 .. 7.
Tensor int4_levels() {
  Tensor levels = Tensor::empty({16});
  for (int i = 0; i < 16; ++i) {
    levels.data<float>()[i] = static_cast<float>(i - 8);
  }
  return levels;
}

template <typename T>
const T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

}  // namespace

PackedWeight::PackedWeight(PackedFormat format, std::int64_t rows, CodeLayout layout)
    : format_(format), rows_(rows), layout_(layout), codes_(Tensor::empty({panels() * panel_bytes()}, DType::u8)) {}

std::int64_t PackedWeight::panel_bytes() const {
  const std::int64_t bytes = layout_.stride * kPanelColumns;
  switch (format_) {
    case PackedFormat::int8:
      return bytes;
    case PackedFormat::int4:
    case PackedFormat::nf4:
      return bytes / 2;
    case PackedFormat::f16:
    case PackedFormat::bf16:
      return bytes * 2;
  }
  return 0;
}

PackedCodes PackedWeight::view() const {
  return {rows_,
          layout_,
          codes_.data<std::uint8_t>(),
          data_or_null<float>(scales_),
          data_or_null<float>(offsets_),
          data_or_null<float>(levels_)};
}

/// Puts one row of unsigned codes, already padded, into its lane of its panel.
void PackedWeight::pack_row(std::span<const std::uint8_t> padded, std::int64_t row) {
  const std::int64_t lane = row % kPanelColumns;
  std::uint8_t* panel = codes_.data<std::uint8_t>() + row / kPanelColumns * panel_bytes();
  const std::uint8_t* codes = padded.data();
  if (format_ == PackedFormat::int8) {
    for (std::int64_t k = 0; k < layout_.stride; k += 4) {
      std::copy_n(codes + k, 4, panel + (k / 4 * kPanelColumns + lane) * 4);
    }
    return;
  }
  for (std::int64_t k = 0; k < layout_.stride; k += 8) {
    std::uint8_t* out = panel + (k / 8 * kPanelColumns + lane) * 4;
    for (std::int64_t i = 0; i < 4; ++i) {
      out[i] = static_cast<std::uint8_t>(codes[k + i] | codes[k + 4 + i] << 4);
    }
  }
}

PackedWeight::PackedWeight(const Codes& codes, PackedFormat format)
    : PackedWeight(format, codes.rows(), code_layout(codes.columns(), codes.columns_per_scale())) {
  check(has_integer_codes(), "[packed weight] expected int8 or int4 as the format of integer codes");
  check(format == PackedFormat::int8 || codes.bits <= 4,
        "[packed weight] expected codes of at most 4 bits for int4, got {}", codes.bits);
  scales_ = Tensor::zeros({panels(), layout_.groups, kPanelColumns});
  if (format == PackedFormat::int4) {
    levels_ = int4_levels();
  }
  const std::int8_t* source = codes.codes.data<std::int8_t>();
  const int zero = zero_code(format);
  float* scales = scales_.data<float>();
  parallel_for(panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> padded(static_cast<std::size_t>(layout_.stride));
    for (std::int64_t row = begin * kPanelColumns; row < end * kPanelColumns; ++row) {
      std::fill(padded.begin(), padded.end(), static_cast<std::uint8_t>(zero));
      for (std::int64_t group = 0; group < layout_.groups && row < rows_; ++group) {
        const std::int64_t first = group * layout_.group;
        const std::int64_t columns = std::min(layout_.group, layout_.columns - first);
        std::transform(source + row * layout_.columns + first, source + row * layout_.columns + first + columns,
                       padded.begin() + layout_.begin(group),
                       [&](std::int8_t code) { return static_cast<std::uint8_t>(code + zero); });
        scales[(row / kPanelColumns * layout_.groups + group) * kPanelColumns + row % kPanelColumns] =
            codes.scale(row, group);
      }
      pack_row(padded, row);
    }
  });
}

PackedWeight::PackedWeight(const HalfWeight& weight)
    : PackedWeight(weight.values().dtype() == DType::f16 ? PackedFormat::f16 : PackedFormat::bf16, weight.rows(),
                   code_layout(weight.columns(), weight.columns())) {
  // Both kinds are moved as bits, and bits 0 are the value 0.
  const auto* source = static_cast<const std::uint16_t*>(weight.values().raw_data());
  auto* out = reinterpret_cast<std::uint16_t*>(codes_.data<std::uint8_t>());
  parallel_for(panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    std::fill(out + begin * layout_.stride * kPanelColumns, out + end * layout_.stride * kPanelColumns,
              std::uint16_t{0});
    for (std::int64_t row = begin * kPanelColumns; row < std::min(end * kPanelColumns, rows_); ++row) {
      std::uint16_t* lane = out + row / kPanelColumns * layout_.stride * kPanelColumns + row % kPanelColumns;
      for (std::int64_t k = 0; k < layout_.columns; ++k) {
        lane[k * kPanelColumns] = source[row * layout_.columns + k];
      }
    }
  });
}

}  // namespace octet
