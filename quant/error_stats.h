#pragma once

#include <cstdint>

#include "base/config/field.h"
#include "nn/layers/quantized_matrix.h"

namespace octet {

/// What storing a matrix in fewer bits did to its values.
struct QuantizationError {
  double mse = 0;      ///< mean of (x - x')^2
  double max_abs = 0;  ///< largest |x - x'|
  double snr_db = 0;   ///< 10 log10(sum x^2 / sum (x - x')^2); infinite where nothing changed
  std::int64_t elements = 0;
  std::int64_t zeros = 0;       ///< values other than 0 that became 0
  std::int64_t sign_flips = 0;  ///< values that changed their sign
  // Of formats with codes or levels; 0 for the others.
  std::int64_t clipped = 0;       ///< values more than half a step beyond the largest code or outermost level
  std::int64_t levels_used = 0;   ///< different codes that occur
  std::int64_t levels_total = 0;  ///< codes there are: 2^bits - 1 on a symmetric grid, else 2^bits

  template <class V>
  void visit(V& v) {
    v("mse", mse);
    v("max_abs", max_abs);
    v("snr_db", snr_db, allow_nonfinite());
    v("elements", elements);
    v("zeros", zeros);
    v("sign_flips", sign_flips);
    v("clipped", clipped);
    v("levels_used", levels_used);
    v("levels_total", levels_total);
  }
};

/// The error of `restored` against `original`, both f32 of one shape.
QuantizationError quantization_error(const Tensor& original, const Tensor& restored);
/// The same for a stored weight, with what its codes tell.
QuantizationError quantization_error(const Tensor& original, const AnyWeight& stored);
/// The same for a weight with what is stored beside it: its codes tell what was clipped, and the sum what is restored.
QuantizationError quantization_error(const Tensor& original, const QuantizedMatrix& stored);

}  // namespace octet
