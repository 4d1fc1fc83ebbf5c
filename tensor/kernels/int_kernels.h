#pragma once

#include "tensor/kernels/float_kernels.h"
#include "tensor/kernels/packed_codes.h"

// Integer kernels: plain functions over raw pointers. Callers check shapes and allocate; kernels never allocate, throw
// or know about tensors. The int32 sums are exact and bit-identical on every backend; only the float epilogue rounds.

namespace octet {

/// Rows whose largest magnitude is below this count as zero: 127 / max would overflow.
constexpr float kSmallestRow = 1e-36F;

/// Symmetric int8 codes of each row of x (rows, K):
///   dynamic   scale[m] = max|x[m]| / 127          code = round_half_even(x * (127 / max|x[m]|))
///   static    scale[m] = static_scale             code = round_half_even(x * (1 / static_scale)), clamped
/// Codes lie in [-127, 127]. A row below kSmallestRow gets codes 0 and, if dynamic, scale 0. A row that holds NaN or
/// infinity gets codes 0 and scale NaN, so that what is computed from it is NaN rather than silently wrong.
struct QuantizeRowsArgs {
  std::int64_t rows;
  CodeLayout layout;
  const float* x;             // (rows, K)
  float static_scale;         // the scale of all rows, known in advance; 0: each row has its own
  std::int8_t* codes;         // (rows, layout.stride)
  float* scales;              // (rows)
  std::int32_t* corrections;  // (rows, groups): see CodeRows
};

/// norm.y = the norm of norm.x, bit for bit as layer_norm or rms_norm of this backend computes it, and its codes as
/// quantize_rows makes them of it: codes.x is norm.y.
struct NormCodesArgs {
  NormArgs norm;
  QuantizeRowsArgs codes;
};

/// The activations of an integer product, as quantize_rows writes them.
///
/// Packed int8 weights and the levels of table4 are w + 128, so their sums come out too large:
///
///     sum of (w + 128) x = sum of w x + 128 * sum of x
///
/// A correction is -128 times the sum of x over a group. Adding it leaves the sum of w x, exact.
struct CodeRows {
  std::int64_t rows;                // M
  const std::int8_t* codes;         // (M, layout.stride)
  const float* scales;              // (M)
  const std::int32_t* corrections;  // (M, groups)
};

/// y (groups, M, N): y[g, m, n] = sum over k in group g of code x[m, k] * code w[n, k], exact.
struct IntProductArgs {
  CodeRows x;
  PackedCodes w;
  std::int32_t* y;
};

/// y (M, N) = f((sum over g of sums[g, m, n] * w.scale[n, g] + x_sum[m, g] * w.offset[n, g]) * x.scale[m] + bias[n])
///           + residual[m, n],
/// where x_sum is the sum of the codes of x.
using IntLinearArgs = PackedLinearArgs<CodeRows>;

/// A product whose activations are still to be quantized: linear.x is what quantize_rows(codes) writes.
struct QuantizingLinearArgs {
  QuantizeRowsArgs codes;
  IntLinearArgs linear;
};

struct IntKernels {
  void (*quantize_rows)(const QuantizeRowsArgs&);
  void (*int8_product)(const IntProductArgs&);
  void (*int8_linear)(const IntLinearArgs&);
  void (*int4_product)(const IntProductArgs&);
  void (*int4_linear)(const IntLinearArgs&);
  void (*table4_product)(const IntProductArgs&);
  void (*table4_linear)(const IntLinearArgs&);
  /// The y of quantize_rows and then the product, bit for bit, by one kernel; what is written to codes is left open.
  /// False where two kernels are quicker: then nothing was done. Null on a CPU, where a kernel starts at once.
  bool (*quantizing_linear)(const QuantizingLinearArgs&) = nullptr;
};

struct NormCodesKernels {
  void (*layer_norm_codes)(const NormCodesArgs&);
  void (*rms_norm_codes)(const NormCodesArgs&);
};

}  // namespace octet
