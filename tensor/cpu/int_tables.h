#pragma once

#include "tensor/int_kernels.h"

namespace octet::cpu {

/// Sets every entry.
void fill_int_kernels_generic(IntKernels& kernels);
/// These set what they speed up and leave the rest as it is.
void fill_int_kernels_avx2(IntKernels& kernels);
void fill_int_kernels_avx512vnni(IntKernels& kernels);

}  // namespace octet::cpu
