#pragma once

#include <array>
#include <string>

#include "tensor/tensor.h"

namespace octet {

/// The 16 levels of NormalFloat4, ascending, in units of the largest magnitude of a block. They are quantiles of the
/// normal distribution, divided by the largest of them, so that normally distributed weights use all levels alike. With
/// p = 1 - (1/30 + 1/32) / 2 = 0.9677083:
///   positive   the quantiles at the first 8 of 9 points that lie evenly from p to 0.5
///   zero       0, exactly
///   negative   minus the quantiles at the first 7 of 8 points that lie evenly from p to 0.5
/// There are 8 positive and 7 negative levels, since zero needs one.
/// Source: Dettmers et al. 2023, "QLoRA", https://arxiv.org/abs/2305.14314, section 3 and appendix E.
inline constexpr std::array<float, 16> kNf4Levels = {
    -1.0F,      -0.6961928F, -0.52507305F, -0.39491749F, -0.28444138F, -0.18477343F, -0.09105004F, 0.0F,
    0.0795803F, 0.1609302F,  0.2461123F,   0.33791524F,  0.44070983F,  0.562617F,    0.72295684F,  1.0F};

/// The index of the level nearest to `x`; of two equally near ones the lower.
int nearest_nf4_level(float x);

/// A matrix (R, C) of half a byte per weight: value (r, c) = kNf4Levels[nibble (r, c)] * scale of (r, block of c).
///
/// Stored: `nibbles` (R, ceil(C / 2)) u8 (tensor/formats/nibbles.h), and `scales` (R, blocks) f16: the largest
/// magnitude of each `block` neighbours of a row; the last block of a row may be shorter.
///   bytes = R ceil(C / 2) + 2 R blocks            blocks of 64: 4.25 bits per weight
///
/// QLoRA keeps scales in FP32 (4.5 bits) or quantizes them again (4.13 bits). FP16 takes 4.25, as an int4 weight in
/// groups of 64 does, and costs nothing that shows: it moves a value by at most 2^-11 of itself, and two levels lie
/// 0.08 of the scale apart or more. There are no integer codes, so int8 activations cannot multiply it.
class Nf4Weight {
 public:
  /// Errors: shapes or dtypes that do not fit; (config) block < 1.
  Nf4Weight(Tensor nibbles, Tensor scales, std::int64_t columns, std::int64_t block);

  const Tensor& nibbles() const { return nibbles_; }
  const Tensor& scales() const { return scales_; }  ///< f16
  std::int64_t rows() const { return nibbles_.dim(0); }
  std::int64_t columns() const { return columns_; }
  std::int64_t block() const { return block_; }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const;
  std::string describe() const;

 private:
  Tensor nibbles_;
  Tensor scales_;
  std::int64_t columns_;
  std::int64_t block_;
};

}  // namespace octet
