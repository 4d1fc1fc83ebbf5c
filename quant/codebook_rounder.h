#pragma once

#include <vector>

#include "quant/codebook_scale.h"
#include "quant/rounder.h"

namespace octet {

/// 16 levels, with scales in FP16 by search: nf4 and table4 for methods with feedback (codebook_quantize() is the way
/// to round each value by itself).
class CodebookRounder : public Rounder {
 public:
  /// `levels` (16) i8 are those of table4; undefined: kTable4Levels. Errors (config): block < 1; a format whose scales
  /// are coded otherwise.
  CodebookRounder(std::int64_t rows, std::int64_t columns, Codebook codebook, std::int64_t block, Tensor levels = {});

  std::int64_t run() const override { return run_; }
  bool one_scale() const override { return false; }
  void fit(std::int64_t row, std::int64_t column, std::span<const float> values,
           std::span<const float> weights) override;
  float round(std::int64_t row, std::int64_t column, float x) override;
  AnyWeight weight() override;

 private:
  float& scale(std::int64_t row, std::int64_t column) {
    return scales_.data<float>()[row * scales_.dim(1) + column / run_];
  }

  Codebook codebook_;
  std::int64_t block_, columns_;
  Tensor scales_;          // (R, blocks) f32, as FP16 holds them
  Tensor codes_;           // (R, C) i8, the index of a level
  Tensor integer_levels_;  // of table4
  Levels levels_;
  std::int64_t run_;
};

}  // namespace octet
