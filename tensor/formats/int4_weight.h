#pragma once

#include "tensor/formats/codes.h"

namespace octet {

/// A matrix (R, C) of half a byte per weight.
///
/// Stored: `nibbles` (R, ceil(C / 2)) u8, row-major. Byte c / 2 of a row holds two codes in two's complement:
///   bits 0..3: the code of the even column c      bits 4..7: that of column c + 1, or 0 past the end of the row
/// Codes lie in [-7, 7]; -8 is not used, so that the grid is symmetric. `scales` f16: (1), (R) or (R, groups).
///   bytes = R ceil(C / 2) + 2 (number of scales)  groups of 32: 4.5 bits per weight
///
/// Scales are stored in FP16, so codes must be computed with the scale as stored (`absmax_quantize` with DType::f16):
/// a code computed with another scale may be off by one.
class Int4Weight {
 public:
  /// Codes of up to 4 bits with scales that FP16 holds exactly. Errors: else, and see validate().
  explicit Int4Weight(const Codes& codes);
  /// From what is stored; `columns` tells whether the last nibble of a row is used.
  Int4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, int bits, Granularity granularity,
             std::int64_t group);

  const Tensor& nibbles() const { return nibbles_; }
  const Tensor& scales() const { return scales_; }  ///< f16
  std::int64_t rows() const { return nibbles_.dim(0); }
  std::int64_t columns() const { return columns_; }
  int bits() const { return bits_; }
  Granularity granularity() const { return granularity_; }
  std::int64_t group() const { return group_; }

  /// One byte per code, scales in FP32.
  Codes codes() const;
  Tensor dequantize() const;
  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const;
  std::string describe() const;

 private:
  Tensor nibbles_;
  Tensor scales_;
  std::int64_t columns_;
  int bits_;
  Granularity granularity_;
  std::int64_t group_;
};

}  // namespace octet
