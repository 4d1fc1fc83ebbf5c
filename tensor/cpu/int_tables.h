#pragma once

#include "tensor/int_kernels.h"

namespace octet::cpu {

IntKernels generic_int_kernels();
IntKernels avx2_int_kernels();
IntKernels avx512vnni_int_kernels();

}  // namespace octet::cpu
