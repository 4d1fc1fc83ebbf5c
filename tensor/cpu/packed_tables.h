#pragma once

#include "tensor/int_kernels.h"
#include "tensor/weight_kernels.h"

namespace octet::cpu {

IntKernels generic_int_kernels();
IntKernels avx2_int_kernels();
IntKernels avx512vnni_int_kernels();

/// The same for every instruction set (padded_rows.cpp).
void pad_rows(const PadRowsArgs& args);
void group_sums(const GroupSumsArgs& args);
/// The same too (generic/weight_kernels.cpp).
void unpack_rows(const UnpackRowsArgs& args);

WeightKernels generic_weight_kernels();
WeightKernels avx2_weight_kernels();
WeightKernels avx512vnni_weight_kernels();

}  // namespace octet::cpu
