#pragma once

#include "tensor/tensor.h"

namespace octet {

// Computed on the CPU in double, wherever x lies: for tests and small tensors, not for the inner loop of a training.

/// Sum or mean of all elements -> one element (shape ()) in CPU memory. Gradients: dy, and dy / elements, for every
/// element.
Tensor sum(const Tensor& x);
Tensor mean(const Tensor& x);

}  // namespace octet
