#pragma once

#include "quant/codebook_format.h"
#include "quant/rounder.h"

namespace octet {

/// 16 levels for methods with feedback (codebook_quantize() is the way to round each value by itself). The scale of a
/// block is searched when its first value comes, among those that the format can store. Double quantization stores
/// scales in relation to each other: there they are those that codebook_quantize() finds for w, before any feedback.
class CodebookRounder : public Rounder {
 public:
  /// For w (R, C). Errors: as codebook_quantize().
  CodebookRounder(const Tensor& w, const CodebookOptions& options);

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
  CodebookFormat format_;
  std::int64_t block_, columns_, run_;
  Tensor scales_;  // (R, blocks) f32, as products use them
  Tensor codes_;   // (R, C) i8, the index of a level
  std::optional<BlockScales> fixed_;
};

}  // namespace octet
