#pragma once

#include "tensor/kernels/packed_codes.h"

// Products of FP32 activations with quantized weights ("weight-only"). Codes become floats in registers, never in
// memory, so a product reads only the bytes of the format.

namespace octet {

/// The activations: rows in the padded order of the layout, zeros in the padding.
struct FloatRows {
  std::int64_t rows;  // M
  const float* x;     // (M, layout.stride)
  const float* sums;  // (M, groups): sum of each group; only read where the weights have offsets, else null
};

/// y (M, N) = f(sum over g of (sum over k in g of x[m, k] * code w[n, k]) * w.scale[n, g] + sums[m, g] * w.offset[n, g]
///              + bias[n]) + residual[m, n]
using WeightLinearArgs = PackedLinearArgs<FloatRows>;

/// padded (rows, layout.stride) = the columns of x (rows, K) in the padded order of the layout, zeros in the padding.
struct PadRowsArgs {
  std::int64_t rows;
  CodeLayout layout;
  const float* x;
  float* padded;
};

/// sums (rows, groups) = sum over each group of padded (rows, layout.stride), in the order of its columns on a CPU.
struct GroupSumsArgs {
  std::int64_t rows;
  CodeLayout layout;
  const float* padded;
  float* sums;
};

/// y (rows, K) = the rows `ids` of w as floats: code * scale [+ offset], each operation rounded. The ids lie where w
/// does and are in [0, w.n).
struct UnpackRowsArgs {
  std::int64_t rows;
  const std::int32_t* ids;  // (rows)
  PackedCodes w;
  float* y;
};

/// y (count, N) = the columns `ks` of w as floats, each a row of y, rounded as by unpack_rows. They lie where w does
/// and are in [0, K).
struct UnpackColumnsArgs {
  std::int64_t count;
  const std::int32_t* ks;  // (count)
  PackedCodes w;
  float* y;
};

struct WeightKernels {
  void (*int8_weights)(const WeightLinearArgs&);
  void (*nibble_weights)(const WeightLinearArgs&);  // int4, codebook and table4: 16 levels
  void (*f16_weights)(const WeightLinearArgs&);
  void (*bf16_weights)(const WeightLinearArgs&);
  void (*trellis_weights)(const WeightLinearArgs&);
  void (*pad_rows)(const PadRowsArgs&);
  void (*group_sums)(const GroupSumsArgs&);
  void (*unpack_rows)(const UnpackRowsArgs&);
  void (*unpack_columns)(const UnpackColumnsArgs&);
};

}  // namespace octet
