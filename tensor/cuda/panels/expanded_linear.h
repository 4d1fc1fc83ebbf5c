#pragma once

#include "tensor/kernels/weight_kernels.h"

namespace octet::cuda {

/// A weight is written out in parts of at most so many floats, or one panel: 32 MiB, which the cache of an H100 (50 MB)
/// holds until they are read.
constexpr std::int64_t kExpandedPart = std::int64_t{8} << 20;

/// y = f(x W^T + bias) with W written out as FP32, by cuBLASLt in the math mode that is set. False, and nothing done,
/// where rows are few (switches.h). What was summed in one group after the other is then one sum along K.
bool expanded_linear(const char* name, const WeightLinearArgs& args, std::int64_t part_floats = kExpandedPart);
/// The same for any number of rows.
void always_expanded_linear(const char* name, const WeightLinearArgs& args, std::int64_t part_floats = kExpandedPart);

}  // namespace octet::cuda
