#pragma once

#include "tensor/tensor.h"

// What all quantizers check and round alike.

namespace octet {

/// The contiguous form of a matrix of f32. Errors: another rank or dtype; NaN or infinity, named with its index.
Tensor checked_weights(const Tensor& w);

/// The FP16 number nearest to a positive `scale`. Among FP16's subnormal numbers the nearest may be so much smaller
/// that `reach` lies more than half a step beyond the largest code `limit`: then the next larger one. Errors: beyond
/// FP16.
float storable_scale(float scale, float reach, float limit);

}  // namespace octet
