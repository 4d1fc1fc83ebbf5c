#pragma once

#include "tensor/dtype.h"

namespace octet {

/// Conversions with rounding to nearest even. Float16: IEEE binary16 with subnormals and infinities; BFloat16: the
/// upper half of an FP32 number. NaN stays NaN.
Float16 to_float16(float value);
BFloat16 to_bfloat16(float value);
float to_float(Float16 value);
float to_float(BFloat16 value);

}  // namespace octet
