#pragma once

#include "tensor/kernels/float_kernels.h"
#include "tensor/kernels/int_kernels.h"
#include "tensor/kernels/kv_kernels.h"
#include "tensor/kernels/probe_kernels.h"
#include "tensor/kernels/weight_kernels.h"

namespace octet {

/// Everything a backend can execute. The table of an instruction set starts as a copy of the generic one.
struct KernelTable : FloatKernels, IntKernels, NormCodesKernels, WeightKernels, ProbeKernels, KvKernels {};

}  // namespace octet
