#include "tensor/formats/packed_weight.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

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

PackedWeight::PackedWeight(PackedFormat format, std::int64_t rows, CodeLayout layout, int trellis_bits)
    : format_(format),
      rows_(rows),
      layout_(layout),
      trellis_bits_(trellis_bits),
      codes_(Tensor::empty({panels() * panel_bytes() + (format == PackedFormat::trellis ? kTrellisSlack : 0)},
                           DType::u8)) {}

std::int64_t PackedWeight::panel_bytes() const {
  const std::int64_t bytes = layout_.stride * kPanelColumns;
  switch (format_) {
    case PackedFormat::int8:
      return bytes;
    case PackedFormat::int4:
    case PackedFormat::codebook:
    case PackedFormat::table4:
      return bytes / 2;
    case PackedFormat::f16:
    case PackedFormat::bf16:
      return bytes * 2;
    case PackedFormat::trellis:
      return layout_.stride / kTrellisTile * packed_tile_bytes(trellis_bits_);
  }
  return 0;
}

PackedCodes PackedWeight::view() const {
  return {rows_,
          layout_,
          lies_in_rows() ? nullptr : codes_.data<std::uint8_t>(),
          format_ == PackedFormat::int8 ? scales_.data<float>() : nullptr,
          has_half_scales(format_) ? scales_.data<Float16>() : nullptr,
          data_or_null<float>(offsets_),
          data_or_null<float>(levels_),
          format_,
          lies_in_rows() ? codes_.data<std::int8_t>() : nullptr,
          data_or_null<std::uint8_t>(level_bytes_),
          trellis_bits_};
}

PackedWeight PackedWeight::to(DeviceKind device) const {
  PackedWeight moved = *this;
  if (device == this->device()) {
    return moved;
  }
  const bool wants_rows = device == DeviceKind::cuda && format_ == PackedFormat::int8 && layout_.groups == 1;
  moved.codes_ = wants_rows ? in_rows() : codes_;
  for (Tensor* tensor : {&moved.codes_, &moved.scales_, &moved.offsets_, &moved.levels_, &moved.level_bytes_}) {
    *tensor = tensor->defined() ? tensor->to(device) : Tensor();
  }
  if (!wants_rows && moved.lies_in_rows()) {
    moved.codes_ = moved.in_panels();
  }
  return moved;
}

/// Calls copy(word of a panel, word of its row) for every four codes of int8, row by row.
template <typename Byte, typename Code, typename Copy>
void PackedWeight::for_each_quad(Byte* panels_begin, Code* rows_begin, Copy copy) const {
  parallel_for(panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin * kPanelColumns; row < end * kPanelColumns; ++row) {
      Byte* quad = panels_begin + row / kPanelColumns * panel_bytes() + row % kPanelColumns * 4;
      Code* codes = rows_begin + row * layout_.row_stride();
      for (std::int64_t k = 0; k < layout_.stride; k += 4, quad += kPanelColumns * 4) {
        copy(quad, codes + k);
      }
    }
  });
}

/// The panels of int8 as rows, and back: see PackedCodes.
Tensor PackedWeight::in_rows() const {
  Tensor rows = Tensor::zeros({panels() * kPanelColumns, layout_.row_stride()}, DType::i8);
  for_each_quad(
      codes_.data<std::uint8_t>(), rows.data<std::int8_t>(), [](const std::uint8_t* quad, std::int8_t* codes) {
        for (int i = 0; i < 4; ++i) {
          codes[i] = static_cast<std::int8_t>(quad[i] ^ 0x80);  // code + 128 is the code with its sign flipped
        }
      });
  return rows;
}

Tensor PackedWeight::in_panels() const {
  Tensor bytes = Tensor::empty({panels() * panel_bytes()}, DType::u8);
  for_each_quad(bytes.data<std::uint8_t>(), codes_.data<std::int8_t>(),
                [](std::uint8_t* quad, const std::int8_t* codes) {
                  for (int i = 0; i < 4; ++i) {
                    quad[i] = static_cast<std::uint8_t>(codes[i] ^ 0x80);
                  }
                });
  return bytes;
}

void PackedWeight::check_device(const char* op, const Tensor& x) const {
  check(x.device() == device(), "[{}] expected tensors on one device, got {} and a weight on {}", op,
        name_of(x.device()), name_of(device()));
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

/// Packs all rows: `code_at(row, k)` is the unsigned code of column k; padding and missing rows get `zero`.
template <typename CodeAt>
void PackedWeight::pack_rows(std::uint8_t zero, CodeAt code_at) {
  parallel_for(panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> padded(static_cast<std::size_t>(layout_.stride));
    for (std::int64_t row = begin * kPanelColumns; row < end * kPanelColumns; ++row) {
      std::fill(padded.begin(), padded.end(), zero);
      for (std::int64_t group = 0; group < layout_.groups && row < rows_; ++group) {
        const std::int64_t first = group * layout_.group;
        const std::int64_t columns = std::min(layout_.group, layout_.columns - first);
        for (std::int64_t i = 0; i < columns; ++i) {
          padded[static_cast<std::size_t>(layout_.begin(group) + i)] = code_at(row, first + i);
        }
      }
      pack_row(padded, row);
    }
  });
}

/// One number for each row and group, where kernels look for it: (panels, groups, 16), 0 for missing rows.
template <typename ValueAt>
Tensor PackedWeight::per_group(ValueAt value_at) const {
  Tensor values = Tensor::zeros({panels(), layout_.groups, kPanelColumns});
  for (std::int64_t row = 0; row < rows_; ++row) {
    for (std::int64_t group = 0; group < layout_.groups; ++group) {
      values.data<float>()[scale_index(row, group)] = value_at(row, group);
    }
  }
  return values;
}

/// Nibbles and trellises keep their scales in the FP16 of the file.
void PackedWeight::set_scales(const Tensor& scales) {
  if (!has_half_scales(format_)) {
    scales_ = scales;
    return;
  }
  scales_ = Tensor::empty(scales.shape(), DType::f16);
  for (std::int64_t i = 0; i < scales.elements(); ++i) {
    const float scale = scales.data<float>()[i];
    const Float16 half = to_float16(scale);
    check(to_float(half) == scale, "[packed weight] expected scales that FP16 holds exactly, got {}", scale);
    scales_.data<Float16>()[i] = half;
  }
}

PackedWeight::PackedWeight(const Codes& codes, PackedFormat format)
    : PackedWeight(format, codes.rows(), code_layout(codes.columns(), codes.columns_per_scale())) {
  check(format == PackedFormat::int8 || format == PackedFormat::int4,
        "[packed weight] expected int8 or int4 as the format of integer codes");
  check(format == PackedFormat::int8 || codes.bits <= 4,
        "[packed weight] expected codes of at most 4 bits for int4, got {}", codes.bits);
  if (format == PackedFormat::int4) {
    levels_ = int4_levels();
  }
  // To the kernels, nibbles from 0 to 15 with a minimum are codes from -8 to 7:
  // value = (q - 8) scale + (minimum + 8 scale).
  const int shift = format == PackedFormat::int4 && !codes.is_symmetric() ? 8 : 0;
  const int zero = zero_code(format);
  const std::int8_t* source = codes.codes.data<std::int8_t>();
  pack_rows(static_cast<std::uint8_t>(zero), [&](std::int64_t row, std::int64_t k) {
    return static_cast<std::uint8_t>(source[row * layout_.columns + k] - shift + zero);
  });
  set_scales(per_group([&](std::int64_t row, std::int64_t group) { return codes.scale(row, group); }));
  if (!codes.is_symmetric()) {
    offsets_ = per_group([&](std::int64_t row, std::int64_t group) {
      return codes.minimum(row, group) + static_cast<float>(shift) * codes.scale(row, group);
    });
  }
}

PackedWeight::PackedWeight(const CodebookWeight& weight)
    : PackedWeight(weight.has_integer_levels() ? PackedFormat::table4 : PackedFormat::codebook, weight.rows(),
                   code_layout(weight.columns(), weight.block())) {
  levels_ = Tensor::from(std::vector<float>(weight.levels().begin(), weight.levels().end()), {16});
  if (weight.has_integer_levels()) {
    level_bytes_ = Tensor::empty({16}, DType::u8);
    for (std::int64_t i = 0; i < 16; ++i) {
      level_bytes_.data<std::uint8_t>()[i] =
          static_cast<std::uint8_t>(weight.integer_levels().data<std::int8_t>()[i] + 128);
    }
  }
  const std::uint8_t* nibbles = weight.nibbles().data<std::uint8_t>();
  const std::int64_t row_bytes = weight.nibbles().dim(1);
  // Any nibble does for what is missing: it meets zeros of x, and scales of 0.
  pack_rows(0, [&](std::int64_t row, std::int64_t k) {
    return static_cast<std::uint8_t>(nibble_at(nibbles + row * row_bytes, k));
  });
  const Float16* scales = weight.scales().data<Float16>();
  set_scales(
      per_group([&](std::int64_t row, std::int64_t group) { return to_float(scales[row * layout_.groups + group]); }));
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

PackedWeight::PackedWeight(const TrellisWeight& weight)
    : PackedWeight(PackedFormat::trellis, weight.rows(), code_layout(weight.columns(), weight.columns(), kTrellisTile),
                   weight.bits()) {
  const std::int64_t ring = trellis_tile_bytes(weight.bits()), packed = packed_tile_bytes(weight.bits());
  const std::uint8_t* from = weight.codes().data<std::uint8_t>();
  std::uint8_t* to = codes_.data<std::uint8_t>();
  for (std::int64_t tile = 0; tile < weight.codes().elements() / ring; ++tile, from += ring, to += packed) {
    std::copy_n(from, ring, to);
    std::copy_n(from, packed - ring, to + ring);
  }
  std::fill_n(to, kTrellisSlack, std::uint8_t{0});
  set_scales(per_group([&](std::int64_t row, std::int64_t) { return to_float(weight.scales().data<Float16>()[row]); }));
}

}  // namespace octet
