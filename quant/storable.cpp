#include "quant/storable.h"

#include <algorithm>
#include <cmath>

#include "tensor/half.h"

namespace octet {

Tensor checked_weights(const Tensor& w) {
  check(w.rank() == 2 && w.dtype() == DType::f32 && w.elements() > 0,
        "[quantize] expected a matrix of f32 weights, got shape {} of {}", w.shape(), name_of(w.dtype()));
  const Tensor dense = w.is_contiguous() ? w : w.clone();
  const auto values = dense.span<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    fail(ErrorKind::run, "[quantize] expected finite weights, got {} at row {}, column {}", *bad,
         (bad - values.begin()) / w.dim(1), (bad - values.begin()) % w.dim(1));
  }
  return dense;
}

float storable_scale(float scale, float reach, float limit) {
  Float16 stored = to_float16(scale);
  if (reach >= (limit + 0.5F) * to_float(stored)) {
    ++stored.bits;  // positive FP16 numbers are ordered like their bits
  }
  check(std::isfinite(to_float(stored)), "[quantize] expected weights whose scale fits FP16, got a scale of {}", scale);
  return to_float(stored);
}

}  // namespace octet
