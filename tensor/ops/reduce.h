#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Sum or mean of all elements -> one element (shape ()). Gradients: dy, and dy / elements, for every element.
Tensor sum(const Tensor& x);
Tensor mean(const Tensor& x);

/// Sum over the last dimension: (..., C) -> (...).
Tensor sum_last(const Tensor& x);

}  // namespace octet
