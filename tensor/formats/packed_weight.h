#pragma once

#include <span>

#include "tensor/formats/codebook_weight.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/half_weight.h"
#include "tensor/formats/trellis_weight.h"
#include "tensor/kernels/packed_codes.h"

namespace octet {

/// A weight (N, K) in the order that kernels read (see PackedCodes). Built from the canonical form when a layer is made
/// or loaded, and never saved.
class PackedWeight {
 public:
  /// int8 or int4; int4 takes codes of up to 4 bits. Errors: groups too large for exact int32 sums (kMaxGroup).
  PackedWeight(const Codes& codes, PackedFormat format);
  explicit PackedWeight(const CodebookWeight& weight);
  explicit PackedWeight(const HalfWeight& weight);
  explicit PackedWeight(const TrellisWeight& weight);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return layout_.columns; }
  PackedFormat format() const { return format_; }
  bool has_nibbles() const { return octet::has_nibbles(format_); }
  bool has_integer_codes() const { return octet::has_integer_codes(format_); }
  const CodeLayout& layout() const { return layout_; }
  DeviceKind device() const { return codes_.device(); }
  /// Itself where it is there already, else a copy. On cuda, int8 with one scale per row has its codes in rows.
  PackedWeight to(DeviceKind device) const;
  /// An error naming `op` where x lies on another device.
  void check_device(const char* op, const Tensor& x) const;
  PackedCodes view() const;

 private:
  PackedWeight(PackedFormat format, std::int64_t rows, CodeLayout layout, int trellis_bits = 0);

  void set_scales(const Tensor& scales);
  std::int64_t panels() const { return (rows_ + kPanelColumns - 1) / kPanelColumns; }
  std::int64_t panel_bytes() const;
  bool lies_in_rows() const { return codes_.dtype() == DType::i8; }
  template <typename Byte, typename Code, typename Copy>
  void for_each_quad(Byte* panels_begin, Code* rows_begin, Copy copy) const;
  Tensor in_rows() const;
  Tensor in_panels() const;
  void pack_row(std::span<const std::uint8_t> padded, std::int64_t row);
  template <typename CodeAt>
  void pack_rows(std::uint8_t zero, CodeAt code_at);
  template <typename ValueAt>
  Tensor per_group(ValueAt value_at) const;
  std::int64_t scale_index(std::int64_t row, std::int64_t group) const {
    return (row / kPanelColumns * layout_.groups + group) * kPanelColumns + row % kPanelColumns;
  }

  PackedFormat format_;
  std::int64_t rows_;
  CodeLayout layout_;
  int trellis_bits_;
  Tensor codes_;        // u8 panels, or i8 rows
  Tensor scales_;       // f32 (int8), f16 (nibbles, trellis), undefined for halves
  Tensor offsets_;      // f32, undefined where the grid is symmetric
  Tensor levels_;       // (16) f32, undefined but for nibbles
  Tensor level_bytes_;  // (16) u8, undefined but for table4
};

}  // namespace octet
