#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Rows of `table` (V, C) chosen by `ids` (...) of i32 -> (..., C). An id outside [0, V) is an error. The ids
/// are in CPU memory, where they are checked; the table may lie on any device.
/// Gradient: each row of the table gets the sum of the gradients of its uses.
Tensor embedding(const Tensor& ids, const Tensor& table);

}  // namespace octet
