#pragma once

#include <string>

#include "tensor/formats/half_weight.h"

namespace octet {

/// A matrix (R, C) of one byte per weight: value (r, c) = E4M3 number (r, c) * scale of r
/// (tensor/formats/small_floats.h).
///
/// Stored: `codes` (R, C) u8, E4M3; `scales` (R) u8, E8M0, from 2^-15 to 2^7: each value then has the four significant
/// bits of its E4M3 number and lies between 2^-24 and 57,344 or is 0, so FP16 holds it exactly. Kernels read it in
/// FP16.
///   bytes = R C + R                         8.01 bits per weight with 1024 columns, and 16 in memory
class Fp8Weight {
 public:
  /// Errors: shapes or dtypes that do not fit; a NaN; a scale out of range.
  Fp8Weight(Tensor codes, Tensor scales);

  const Tensor& codes() const { return codes_; }
  const Tensor& scales() const { return scales_; }
  std::int64_t rows() const { return codes_.dim(0); }
  std::int64_t columns() const { return codes_.dim(1); }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  /// The same values in FP16, exactly.
  HalfWeight to_half() const;
  std::int64_t bytes() const { return static_cast<std::int64_t>(codes_.bytes() + scales_.bytes()); }
  std::string describe() const { return "fp8 per_channel"; }

 private:
  Tensor codes_;
  Tensor scales_;
};

/// Exponents of the scales of an Fp8Weight.
inline constexpr int kLowestFp8Scale = -15, kHighestFp8Scale = 7;

}  // namespace octet
