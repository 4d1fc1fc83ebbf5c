#pragma once

#include <span>
#include <string>
#include <vector>

#include "tensor/formats/codes.h"

namespace octet {

/// A matrix (R, C) of integers that are entropy-coded in files (tensor/formats/rans.h): frequent ones take few bits, so
/// the steps between values alone, which may be any numbers, decide how many bits a weight takes. The step of a column
/// is a multiple of one step of the matrix:
///
///     value (r, c) = z (r, c) * multiple (c) * scale         z * multiple in [-127, 127], multiple in [1, 127]
///
/// In memory the products z * multiple are a byte each: codes with one scale, which kernels multiply as those of an
/// Int8Weight.
///
/// Stored: `coded` (n) u8; `scales` f32 (1).
///     coded = the multiples, then for each multiple, the smallest first, the z of its columns, row by row
///     bytes = n + 4
class EntropyWeight {
 public:
  /// Encodes. `codes` are the products, and `multiples` (C) what those of a column are divided by; none: 1. Errors:
  /// other codes than symmetric ones of 8 bits with one scale, or that are no such multiples; see validate().
  explicit EntropyWeight(const Codes& codes, std::span<const std::int8_t> multiples = {});
  /// Decodes what is stored. Errors: see rans_decode() and validate().
  EntropyWeight(Tensor coded, const Tensor& scales, std::int64_t rows, std::int64_t columns);

  const Tensor& coded() const { return coded_; }
  const Codes& codes() const { return codes_; }
  std::span<const std::int8_t> multiples() const { return multiples_; }
  std::int64_t rows() const { return codes_.rows(); }
  std::int64_t columns() const { return codes_.columns(); }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const { return coded_.elements() + 4; }
  std::string describe() const { return "entropy per_tensor"; }

 private:
  void encode();
  void decode();

  Tensor coded_;
  Codes codes_;
  std::vector<std::int8_t> multiples_;
};

}  // namespace octet
