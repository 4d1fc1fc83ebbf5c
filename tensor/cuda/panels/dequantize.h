#pragma once

#include "tensor/kernels/int_kernels.h"

namespace octet::cuda {

/// What is left of int8_linear when a library has made the sums (M, columns) of a weight with one group, columns being
/// those of its panels.
void dequantize(const IntLinearArgs& args, const std::int32_t* sums, std::int64_t columns);

}  // namespace octet::cuda
