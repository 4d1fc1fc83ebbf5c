#pragma once

#include "tensor/formats/codes.h"

namespace octet {

/// A matrix (R, C) of one byte per weight.
///
/// Stored: `codes` (R, C) i8, row-major, in [-127, 127]; `scales` f32: (1), (R) or (R, groups).
///   bytes = R C + 4 (number of scales)            per channel of 1024 columns: 8.03 bits per weight
/// Codes of fewer bits (2 to 7) are stored in the same bytes: that shows what fewer levels cost, without saving space.
class Int8Weight {
 public:
  /// Errors: codes with a minimum; see validate().
  explicit Int8Weight(Codes codes);

  const Codes& codes() const { return codes_; }
  std::int64_t rows() const { return codes_.rows(); }
  std::int64_t columns() const { return codes_.columns(); }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const;
  std::string describe() const;

 private:
  Codes codes_;
};

}  // namespace octet
