#pragma once

#include <array>
#include <string>

#include "tensor/formats/block_scales.h"
#include "tensor/formats/codes.h"

namespace octet {

using Levels = std::array<float, 16>;

/// The 16 levels of NormalFloat4, ascending, in units of the largest magnitude of a block. They are quantiles of the
/// normal distribution, divided by the largest of them, so that normally distributed weights use all levels alike. With
/// p = 1 - (1/30 + 1/32) / 2 = 0.9677083:
///   positive   the quantiles at the first 8 of 9 points that lie evenly from p to 0.5
///   zero       0, exactly
///   negative   minus the quantiles at the first 7 of 8 points that lie evenly from p to 0.5
/// There are 8 positive and 7 negative levels, since zero needs one.
/// Source: Dettmers et al. 2023, "QLoRA", https://arxiv.org/abs/2305.14314, section 3 and appendix E.
inline constexpr Levels kNf4Levels = {-1.0F,        -0.6961928F, -0.52507305F, -0.39491749F, -0.28444138F, -0.18477343F,
                                      -0.09105004F, 0.0F,        0.0795803F,   0.1609302F,   0.2461123F,   0.33791524F,
                                      0.44070983F,  0.562617F,   0.72295684F,  1.0F};

/// The 16 numbers of E2M1 in the order of their bits: a sign, two bits of exponent, one of mantissa.
/// Source: OCP Microscaling Formats (MX) v1.0, section 5.3.3.
inline constexpr Levels kE2m1Levels = {0.0F,  0.5F,  1.0F,  1.5F,  2.0F,  3.0F,  4.0F,  6.0F,
                                       -0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};

/// The 16 integer levels of table4 where no others are given: close together where normal weights are many. There is
/// no 0, and the two sides differ, so the sign of a scale matters.
/// Source: the format IQ4_NL of llama.cpp, https://github.com/ggml-org/llama.cpp.
inline constexpr std::array<std::int8_t, 16> kTable4Levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                              1,    13,   25,  38,  53,  69,  89,  113};

/// What the nibbles of a CodebookWeight stand for, and how its scales are stored.
///   nf4      kNf4Levels, blocks of 64 or any other size, scales in f16 or double quantized
///   mxfp4    kE2m1Levels, blocks of 32, e8m0 scales          Source: OCP MX v1.0, section 5.2 (MXFP4)
///   nvfp4    kE2m1Levels, blocks of 16, e4m3 scales and a tensor scale
///            Source: NVIDIA 2025, "Pretraining Large Language Models with NVFP4", https://arxiv.org/abs/2509.25149
///   table4   16 integer levels in [-127, 127] that stand in the file, blocks of 32 or any other size, scales in f16
enum class Codebook { nf4, mxfp4, nvfp4, table4 };

template <>
inline constexpr auto enum_names<Codebook> = std::to_array<EnumName<Codebook>>(
    {{Codebook::nf4, "nf4"}, {Codebook::mxfp4, "mxfp4"}, {Codebook::nvfp4, "nvfp4"}, {Codebook::table4, "table4"}});

/// The block that a format prescribes; 0 where any will do.
std::int64_t fixed_block(Codebook codebook);

/// A matrix (R, C) of half a byte per weight: value (r, c) = levels[nibble (r, c)] * scale of (r, block of c).
///
/// Stored: `nibbles` (R, ceil(C / 2)) u8 (tensor/formats/nibbles.h), the scales of each `block` neighbours of a row, of
/// which the last of a row may have fewer, and the levels of table4.
///   bytes = R ceil(C / 2) + bytes of the scales (+ 16)
///   bits per weight: nf4 with blocks of 64 4.25, double quantized 4.127; mxfp4 4.25; nvfp4 4.5; table4 4.5
///
/// Products use the scales in FP16. For nf4 that costs nothing that shows: it moves a value by at most 2^-11 of itself,
/// and two levels lie 0.08 of the scale apart or more. Scales of f16 may be negative, which turns an asymmetric table
/// round, and those of table4 may be 0, since it has no level 0.
///
/// The levels of table4 are integers, so int8 activations can multiply it; those of the others are not.
class CodebookWeight {
 public:
  /// Errors: shapes or dtypes that do not fit; scales that are none of their coding, or a coding that the codebook does
  /// not have; (config) block < 1. `levels` (16) i8, ascending, are given for table4 alone.
  CodebookWeight(Codebook codebook, Tensor nibbles, BlockScales scales, std::int64_t columns, std::int64_t block,
                 Tensor levels = {});

  Codebook codebook() const { return codebook_; }
  const Tensor& nibbles() const { return nibbles_; }
  const BlockScales& stored_scales() const { return stored_scales_; }
  const Tensor& scales() const { return scales_; }  ///< (R, blocks) f16: what products use
  const Levels& levels() const { return levels_; }
  const Tensor& integer_levels() const { return integer_levels_; }  ///< (16) i8, or undefined
  bool has_integer_levels() const { return integer_levels_.defined(); }
  std::int64_t rows() const { return nibbles_.dim(0); }
  std::int64_t columns() const { return columns_; }
  std::int64_t block() const { return block_; }

  /// The levels of a table4 as codes of 8 bits. Errors: another codebook.
  Codes codes() const;
  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const;
  /// "nf4 per_group 64 double quantized"
  std::string describe() const;

 private:
  void check_scales() const;

  Codebook codebook_;
  Tensor nibbles_;
  BlockScales stored_scales_;
  Tensor scales_;
  Levels levels_;
  Tensor integer_levels_;
  std::int64_t columns_;
  std::int64_t block_;
};

/// The levels of table4 where no others are given, as CodebookWeight takes them.
Tensor default_table4_levels();
/// The levels of a codebook; `integer_levels` are those of table4.
Levels levels_of(Codebook codebook, const Tensor& integer_levels);

}  // namespace octet
