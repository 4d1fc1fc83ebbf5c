#pragma once

#include "tensor/kernels/kernels.h"

namespace octet::cpu {

/// What the processor and the operating system support (CPUID and XGETBV).
bool has_avx2();
bool has_avx512vnni();

const KernelTable& generic_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx512vnni_kernels();

// The parts of the tables above that a folder compiles in files of their own.
IntKernels generic_int_kernels();
IntKernels avx2_int_kernels();
IntKernels avx512vnni_int_kernels();
WeightKernels generic_weight_kernels();
WeightKernels avx2_weight_kernels();
WeightKernels avx512vnni_weight_kernels();
ProbeKernels generic_probe_kernels();
ProbeKernels avx2_probe_kernels();
ProbeKernels avx512vnni_probe_kernels();

// The same for every instruction set.
void pad_rows(const PadRowsArgs& args);              // padded_rows.cpp
void group_sums(const GroupSumsArgs& args);          // padded_rows.cpp
void unpack_rows(const UnpackRowsArgs& args);        // generic/weight_kernels.cpp
void unpack_columns(const UnpackColumnsArgs& args);  // generic/weight_kernels.cpp
void dropout(const DropoutArgs& args);  // dropout.cpp: its time goes into the random numbers of base/random.h

/// FP32 product by oneDNN; null in a build without it.
using GemmFunction = void (*)(const GemmArgs&);
GemmFunction onednn_gemm();

// Made of products by `gemm`, the same for every instruction set.
void symmetric_gemm(const GemmArgs& args, GemmFunction gemm);              // symmetric_gemm.cpp
void linear_gradients(const LinearBackwardArgs& args, GemmFunction gemm);  // linear_gradients.cpp: dx and dw

/// norm_codes.cpp: a row of the norm is quantized while it is in the cache.
void norm_codes(const NormCodesArgs& args, void (*norm)(const NormArgs&), void (*quantize)(const QuantizeRowsArgs&));

struct OnednnVersion {
  int major, minor, patch;
};
OnednnVersion onednn_version();

}  // namespace octet::cpu
