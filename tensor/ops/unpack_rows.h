#pragma once

#include "tensor/formats/packed_weight.h"
#include "tensor/tensor.h"

namespace octet {

/// Rows of the weight (N, K) chosen by `ids` (...) of i32, as FP32: (..., K). The ids are in CPU memory, where they are
/// checked; the result lies where the weight does. No gradient. Errors: an id outside [0, N).
Tensor unpack_rows(const PackedWeight& weight, const Tensor& ids);

}  // namespace octet
