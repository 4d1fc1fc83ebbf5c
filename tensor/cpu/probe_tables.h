#pragma once

#include "tensor/probe_kernels.h"

namespace octet::cpu {

ProbeKernels generic_probe_kernels();
ProbeKernels avx2_probe_kernels();
ProbeKernels avx512vnni_probe_kernels();

}  // namespace octet::cpu
