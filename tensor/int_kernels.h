#pragma once

#include <cstdint>

// Integer kernels: plain functions over raw pointers. Callers check shapes and allocate; kernels never allocate, throw
// or know about tensors. The int32 sums are exact and bit-identical on every backend; only the float epilogue rounds.

namespace octet {

/// Codes along K are processed in steps of this many: eight nibbles of int4, two VNNI quads of int8.
constexpr std::int64_t kCodeStep = 8;
/// Columns of a packed panel: the int32 sums of one AVX-512 register.
constexpr std::int64_t kPanelColumns = 16;
/// A group may have this many codes: 127 * 127 * 133,144 is the last multiple below 2^31.
constexpr std::int64_t kMaxGroup = 133'144;

/// How the codes of a row of K columns lie in memory. Groups share a weight scale; each starts at a multiple of
/// kCodeStep and is padded with codes 0, which add nothing to a sum. With K = 20 and groups of 6:
///   group 0: columns 0..5, 2 of padding | group 1: 6..11, 2 | group 2: 12..17, 2 | group 3: 18..19, 6 of padding
struct CodeLayout {
  std::int64_t columns;       // K
  std::int64_t group;         // columns that share a scale; the last group may be shorter
  std::int64_t groups;        // ceil(K / group)
  std::int64_t group_stride;  // group rounded up to a multiple of kCodeStep
  std::int64_t stride;        // codes of a whole row, padding included
};
/// The layout of rows of `columns` codes in groups of `group`; a group larger than the row is one group.
CodeLayout code_layout(std::int64_t columns, std::int64_t group);

/// Symmetric int8 codes of each row of x (rows, K):
///   scale[m] = max|x[m]| / 127,  code = round_half_even(x / scale) in [-127, 127]
/// An all-zero row gets codes 0 and scale 0. A row that holds NaN or infinity gets codes 0 and scale NaN, so that what
/// is computed from it is NaN rather than silently wrong.
struct QuantizeRowsArgs {
  std::int64_t rows;
  CodeLayout layout;
  const float* x;      // (rows, K)
  std::int8_t* codes;  // (rows, layout.stride)
  float* scales;       // (rows)
  std::int32_t* sums;  // (rows, groups): sum of the codes of each group
};

/// The activations of a product, as quantize_rows writes them.
struct CodeRows {
  std::int64_t rows;         // M
  const std::int8_t* codes;  // (M, layout.stride)
  const float* scales;       // (M)
  const std::int32_t* sums;  // (M, groups)
};

/// Weight codes (N, K) rearranged once for the kernels. Panel p holds the columns n = 16 p .. 16 p + 15 of the product
/// (missing ones have codes and scales 0); within it, for step s along the padded row, column c and i = 0..3:
///   int8: byte [((p * stride / 4 + s) * 16 + c) * 4 + i] = code(n, 4 s + i), two's complement
///   int4: byte [((p * stride / 8 + s) * 16 + c) * 4 + i] = (code(n, 8 s + i) + 8) | (code(n, 8 s + 4 + i) + 8) << 4
/// scales [(p * groups + g) * 16 + c].
struct PackedCodes {
  std::int64_t n;
  CodeLayout layout;
  const std::uint8_t* codes;
  const float* scales;
};

/// y (groups, M, N): y[g, m, n] = sum over k in group g of x[m, k] * w[n, k], exact for groups of up to kMaxGroup.
struct IntProductArgs {
  CodeRows x;
  PackedCodes w;
  std::int32_t* y;
};

/// y (M, N): y[m, n] = (sum over g of sums[g, m, n] * w.scale[n, g]) * x.scale[m] + bias[n].
struct IntLinearArgs {
  CodeRows x;
  PackedCodes w;
  const float* bias;  // (N) or null
  float* y;
};

struct IntKernels {
  void (*quantize_rows)(const QuantizeRowsArgs&);
  void (*int8_product)(const IntProductArgs&);
  void (*int8_linear)(const IntLinearArgs&);
  void (*int4_product)(const IntProductArgs&);
  void (*int4_linear)(const IntLinearArgs&);
};

}  // namespace octet
