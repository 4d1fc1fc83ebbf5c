#pragma once

#include <string>

#include "tensor/tensor.h"

namespace octet {

/// A matrix (R, C) in half precision: 16 bits per weight, no scales. Arithmetic is FP32 on the converted values.
///   f16:  10 bits of mantissa, largest value 65,504     bf16: 7 bits of mantissa, the range of FP32
class HalfWeight {
 public:
  /// Stored values, f16 or bf16.
  explicit HalfWeight(Tensor values);
  /// Rounds an FP32 matrix to nearest even. Errors: a value that is not finite in `dtype` (FP16 overflows at 65,520).
  static HalfWeight quantize(const Tensor& weight, DType dtype);

  const Tensor& values() const { return values_; }
  std::int64_t rows() const { return values_.dim(0); }
  std::int64_t columns() const { return values_.dim(1); }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const { return 2 * values_.elements(); }
  std::string describe() const { return std::string(name_of(values_.dtype())); }

 private:
  Tensor values_;
};

}  // namespace octet
