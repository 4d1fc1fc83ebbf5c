#pragma once

#include "tensor/formats/codes.h"

namespace octet {

/// A matrix (R, C) of half a byte per weight, on a symmetric grid or one with a minimum (see Codes).
///
/// Stored: `nibbles` (R, ceil(C / 2)) u8, row-major, the even column in the low nibble (tensor/formats/nibbles.h).
///   symmetric        codes in [-8, 7] in two's complement      scales f16: (1), (R) or (R, groups)
///   with a minimum   codes in [0, 15]                                          and minimums f16 of the same shape
///   bytes = R ceil(C bits / 8) + 2 (number of scales and minimums)
///   groups of 32: 4.5 bits per weight, with a minimum 5 (the form of GGML's Q4_0 and Q4_1)
///
/// In memory a code of 2 or 3 bits takes a nibble too, in files only its bits (pack_dense).
///
/// Scales and minimums are stored in FP16, so codes must be computed with them as stored (`absmax_quantize` with
/// DType::f16, `minmax_quantize`): a code computed with another scale may be off by one.
class Int4Weight {
 public:
  /// Codes of up to 4 bits with scales and minimums that FP16 holds exactly. Errors: else, and see validate().
  explicit Int4Weight(const Codes& codes);
  /// From what is stored; `columns` tells whether the last nibble of a row is used, and `minimums` are undefined for a
  /// symmetric grid.
  Int4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, int bits, Granularity granularity, std::int64_t group,
             Tensor minimums = {});

  const Tensor& nibbles() const { return nibbles_; }
  const Tensor& scales() const { return scales_; }      ///< f16
  const Tensor& minimums() const { return minimums_; }  ///< f16, or undefined
  bool is_symmetric() const { return !minimums_.defined(); }
  std::int64_t rows() const { return nibbles_.dim(0); }
  std::int64_t columns() const { return columns_; }
  int bits() const { return bits_; }
  Granularity granularity() const { return granularity_; }
  std::int64_t group() const { return group_; }

  /// One byte per code, scales and minimums in FP32.
  Codes codes() const;
  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const;
  std::string describe() const;

 private:
  Tensor nibbles_;
  Tensor scales_;
  Tensor minimums_;
  std::int64_t columns_;
  int bits_;
  Granularity granularity_;
  std::int64_t group_;
};

}  // namespace octet
