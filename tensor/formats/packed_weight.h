#pragma once

#include "tensor/formats/codes.h"
#include "tensor/int_kernels.h"

namespace octet {

/// Codes rearranged for the integer kernels (see PackedCodes). Built from the canonical codes when a layer is made or
/// loaded, and never saved.
class PackedWeight {
 public:
  enum class Format { int8, int4 };

  /// int4 takes codes of up to 4 bits. Errors: groups too large for exact int32 sums (kMaxGroup).
  PackedWeight(const Codes& codes, Format format);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return layout_.columns; }
  Format format() const { return format_; }
  const CodeLayout& layout() const { return layout_; }
  PackedCodes view() const { return {rows_, layout_, codes_.data<std::uint8_t>(), scales_.data<float>()}; }

 private:
  Format format_;
  std::int64_t rows_;
  CodeLayout layout_;
  Tensor codes_;   // u8
  Tensor scales_;  // f32
};

}  // namespace octet
