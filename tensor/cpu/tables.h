#pragma once

#include "tensor/kernels.h"

namespace octet::cpu {

/// What the processor and the operating system support (CPUID and XGETBV).
bool has_avx2();
bool has_avx512vnni();

const KernelTable& generic_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx512vnni_kernels();

/// The same for every instruction set: its time goes into the random numbers of base/random.h.
void dropout(const DropoutArgs& args);

/// FP32 product by oneDNN; null in a build without it.
using GemmFunction = void (*)(const GemmArgs&);
GemmFunction onednn_gemm();
struct OnednnVersion {
  int major, minor, patch;
};
OnednnVersion onednn_version();

}  // namespace octet::cpu
