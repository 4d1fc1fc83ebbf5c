#include "tensor/formats/packed_weight.h"

#include <vector>

#include "base/parallel.h"

namespace octet {
namespace {

/// Code (row, k) for k along the padded row; 0 in the padding.
struct PaddedRow {
  const std::int8_t* codes;
  const CodeLayout& layout;

  int operator[](std::int64_t k) const {
    const std::int64_t in_group = k % layout.group_stride;
    const std::int64_t column = k / layout.group_stride * layout.group + in_group;
    return in_group < layout.group && column < layout.columns ? codes[column] : 0;
  }
};

void pack_int8(PaddedRow row, std::int64_t lane, std::uint8_t* panel) {
  for (std::int64_t k = 0; k < row.layout.stride; ++k) {
    panel[(k / 4 * kPanelColumns + lane) * 4 + k % 4] = static_cast<std::uint8_t>(row[k]);
  }
}

void pack_int4(PaddedRow row, std::int64_t lane, std::uint8_t* panel) {
  for (std::int64_t k = 0; k < row.layout.stride; k += 8) {
    for (std::int64_t i = 0; i < 4; ++i) {
      const int pair = (row[k + i] + 8) | (row[k + 4 + i] + 8) << 4;
      panel[(k / 8 * kPanelColumns + lane) * 4 + i] = static_cast<std::uint8_t>(pair);
    }
  }
}

}  // namespace

PackedWeight::PackedWeight(const Codes& codes, Format format)
    : format_(format), rows_(codes.rows()), layout_(code_layout(codes.columns(), codes.columns_per_scale())) {
  check(format == Format::int8 || codes.bits <= 4, "[packed weight] expected codes of at most 4 bits for int4, got {}",
        codes.bits);
  const std::int64_t panels = (rows_ + kPanelColumns - 1) / kPanelColumns;
  const std::int64_t panel_bytes = layout_.stride * kPanelColumns / (format == Format::int4 ? 2 : 1);
  codes_ = Tensor::empty({panels * panel_bytes}, DType::u8);
  scales_ = Tensor::zeros({panels, layout_.groups, kPanelColumns});

  const std::vector<std::int8_t> zero_row(static_cast<std::size_t>(layout_.columns));
  const std::int8_t* rows = codes.codes.data<std::int8_t>();
  float* scales = scales_.data<float>();
  parallel_for(panels, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t n = first * kPanelColumns; n < last * kPanelColumns; ++n) {
      const std::int64_t panel = n / kPanelColumns;
      const std::int64_t lane = n % kPanelColumns;
      const PaddedRow row{n < rows_ ? rows + n * layout_.columns : zero_row.data(), layout_};
      std::uint8_t* bytes = codes_.data<std::uint8_t>() + panel * panel_bytes;
      format == Format::int8 ? pack_int8(row, lane, bytes) : pack_int4(row, lane, bytes);
      for (std::int64_t group = 0; group < layout_.groups && n < rows_; ++group) {
        scales[(panel * layout_.groups + group) * kPanelColumns + lane] = codes.scale(n, group);
      }
    }
  });
}

}  // namespace octet
