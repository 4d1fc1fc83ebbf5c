#pragma once

#include "tensor/float_kernels.h"
#include "tensor/int_kernels.h"
#include "tensor/kv_kernels.h"
#include "tensor/probe_kernels.h"
#include "tensor/weight_kernels.h"

namespace octet {

/// Everything a backend can execute. The table of an instruction set starts as a copy of the generic one.
struct KernelTable : FloatKernels, IntKernels, WeightKernels, ProbeKernels, KvKernels {};

}  // namespace octet
