#include "quant/grid.h"

#include <cmath>
#include <limits>

#include "tensor/half.h"

namespace octet {

int GridKind::lowest() const {
  return symmetric ? lowest_code(bits) : 0;
}

int GridKind::highest() const {
  if (!symmetric && (bits < 2 || bits > 4)) {
    fail(ErrorKind::config, "[quantize] expected 2 to 4 bits for codes with a minimum, got {}", bits);
  }
  return symmetric ? largest_code(bits) : (1 << bits) - 1;
}

float GridKind::stored(float scale) const {
  if (scale_dtype == DType::f32) {
    const float smallest = std::numeric_limits<float>::min();
    return std::fabs(scale) < smallest ? std::copysign(smallest, scale) : scale;
  }
  const float half = to_float(to_float16(scale));
  check(std::isfinite(half), "[quantize] expected weights whose scale fits FP16, got a scale of {}", scale);
  return half != 0.0F ? half : std::copysign(0x1p-24F, scale);  // the smallest number of FP16
}

float GridKind::stored_value(float minimum) const {
  if (scale_dtype == DType::f32) {
    return minimum;
  }
  const float half = to_float(to_float16(minimum));
  check(std::isfinite(half), "[quantize] expected weights whose minimum fits FP16, got a minimum of {}", minimum);
  return half;
}

}  // namespace octet
