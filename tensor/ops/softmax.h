#pragma once

#include "tensor/tensor.h"

namespace octet {

/// softmax over the last dimension. Gradient: dx = y * (dy - sum(dy * y)).
Tensor softmax(const Tensor& x);

}  // namespace octet
