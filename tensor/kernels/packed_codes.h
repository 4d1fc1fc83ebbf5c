#pragma once

#include <cstdint>

#include "tensor/dtype.h"

// How quantized weights lie in memory for the kernels. The canonical, row-major form that files hold is in
// tensor/formats/; this one is built when a layer is made or loaded.

namespace octet {

/// Codes along K are processed in steps of this many: eight nibbles of int4, two VNNI quads of int8.
constexpr std::int64_t kCodeStep = 8;
/// Columns of a packed panel: the int32 sums of one AVX-512 register.
constexpr std::int64_t kPanelColumns = 16;
/// A group may have this many codes, so that 127 * 128 * group stays below 2^31: the largest sum of products and the
/// largest correction (CodeRows) are then exact.
constexpr std::int64_t kMaxGroup = 132'104;

/// How the codes of a row of K columns lie in memory. Groups share a weight scale; each starts at a multiple of
/// kCodeStep and is padded with codes that add nothing to a sum. With K = 20 and groups of 6:
///   group 0: columns 0..5, 2 of padding | group 1: 6..11, 2 | group 2: 12..17, 2 | group 3: 18..19, 6 of padding
struct CodeLayout {
  std::int64_t columns;       // K
  std::int64_t group;         // columns that share a scale; the last group may be shorter
  std::int64_t groups;        // ceil(K / group)
  std::int64_t group_stride;  // group rounded up to a multiple of kCodeStep
  std::int64_t stride;        // codes of a whole row, padding included

  /// Codes of a row of PackedCodes::row_codes: rows begin at multiples of 16 bytes, which a GPU loads at once.
  constexpr std::int64_t row_stride() const { return (stride + 15) / 16 * 16; }
  /// Where the codes of a group begin and end in a padded row.
  constexpr std::int64_t begin(std::int64_t index) const { return index * group_stride; }
  constexpr std::int64_t end(std::int64_t index) const {
    return index + 1 < groups ? (index + 1) * group_stride : stride;
  }
  bool is_padded() const { return stride != columns; }
  bool operator==(const CodeLayout&) const = default;
};
/// The layout of rows of `columns` codes in groups of `group`; a group larger than the row is one group. `step`: what
/// groups are padded to, a multiple of kCodeStep.
CodeLayout code_layout(std::int64_t columns, std::int64_t group, std::int64_t step = kCodeStep);

/// What a packed code stands for.
///   int8       a byte code + 128
///   int4       a nibble code + 8
///   codebook   a nibble, the index of one of 16 levels
///   table4     a nibble, the index of one of 16 integer levels, which are codes of int8
///   f16, bf16   the value itself in 16 bits
///   trellis     2 to 4 bits of a ring of them: 12 neighbours choose a level (tensor/kernels/trellis_code.h)
enum class PackedFormat { int8, int4, codebook, table4, f16, bf16, trellis };

constexpr bool has_nibbles(PackedFormat format) {
  return format == PackedFormat::int4 || format == PackedFormat::codebook || format == PackedFormat::table4;
}
constexpr bool has_half_scales(PackedFormat format) {
  return has_nibbles(format) || format == PackedFormat::trellis;
}
/// Rows and columns of a tile of a trellis: one sequence of 256 weights (tensor/formats/trellis_weight.h).
constexpr std::int64_t kTrellisTile = 16;
/// Bytes of a packed tile of 16 rows and 16 columns: its ring, of which the first four bytes stand once more behind the
/// last, so that all bits of a window lie side by side.
constexpr std::int64_t packed_tile_bytes(int bits) {
  return 32 * bits + 4;
}
/// What may be read behind the last tile by loads of 16 bytes.
constexpr std::int64_t kTrellisSlack = 16;

/// Whether integer kernels can multiply it.
constexpr bool has_integer_codes(PackedFormat format) {
  return format == PackedFormat::int8 || format == PackedFormat::int4 || format == PackedFormat::table4;
}

/// Weights (N, K) rearranged once for the kernels. Panel p holds the columns n = 16 p .. 16 p + 15 of the product
/// (missing ones stand for 0); within it, for step s along the padded row, column c and i = 0..3:
///   int8        byte [((p * stride / 4 + s) * 16 + c) * 4 + i] = code(n, 4 s + i) + 128
///   nibbles     byte [((p * stride / 8 + s) * 16 + c) * 4 + i] = low: code(n, 8 s + i), high: code(n, 8 s + 4 + i)
///   f16, bf16   half [(p * stride + k) * 16 + c] = value(n, k)
///   trellis     byte [(p * stride / 16 + t) * packed_tile_bytes + b] = byte b of the ring of tile t (TrellisWeight):
///               the bits of column c at k are those from (k % 16 * 16 + c) * trellis_bits on, of tile k / 16
/// Bytes are offset to be unsigned because `vpdpbusd` multiplies unsigned by signed ones.
/// weight(n, k) = code * scale(n, g) + offset(n, g), with both at [(p * groups + g) * 16 + c].
struct PackedCodes {
  std::int64_t n;
  CodeLayout layout;
  const std::uint8_t* codes;   // the panels; null where there are row_codes
  const float* scales;         // int8 (halves have none)
  const Float16* half_scales;  // nibbles, trellis: with groups of 32, FP32 scales would be a fifth of all bytes read
  const float* offsets;        // null where the grid is symmetric
  const float* levels;         // (16) what nibbles stand for; else null
  PackedFormat format;
  // On a GPU, int8 with one group lies in rows instead, as libraries multiply it: (16 * panels, row_stride()) codes, 0
  // behind a row and for missing rows. Null elsewhere.
  const std::int8_t* row_codes;
  const std::uint8_t* level_bytes;  // (16) of table4: level + 128, as int8 has its codes; else null
  int trellis_bits;                 // of trellis: 2, 3 or 4
};

/// What the epilogue of a product applies to its result.
///   swiglu   silu(gate) * y, with the result of another product as the gate
enum class Nonlinearity { none, gelu, silu, swiglu };

/// y (M, N) = f(x W^T + bias) + residual with packed weights. Rows is what the activations are: CodeRows
/// (int_kernels.h) or FloatRows (weight_kernels.h), where the sum is written out.
template <typename Rows>
struct PackedLinearArgs {
  Rows x;
  PackedCodes w;
  const float* bias;  // (N) or null
  Nonlinearity f;
  const float* gate;      // (M, N), for swiglu; else null
  const float* residual;  // (M, N) or null
  float* y;
};

}  // namespace octet
