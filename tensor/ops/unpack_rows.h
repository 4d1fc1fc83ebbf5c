#pragma once

#include <span>

#include "tensor/formats/packed_weight.h"
#include "tensor/tensor.h"

namespace octet {

/// Rows of the weight (N, K) chosen by `ids` (...) of i32, as FP32: (..., K). The ids are in CPU memory, where they are
/// checked; the result lies where the weight does. No gradient. Errors: an id outside [0, N).
Tensor unpack_rows(const PackedWeight& weight, const Tensor& ids);

/// The columns `ks` of the weight (N, K) as rows, as FP32: (number of columns, N), where the weight lies. No gradient.
/// Errors: a column outside [0, K).
Tensor unpack_columns(const PackedWeight& weight, std::span<const std::int64_t> ks);

}  // namespace octet
