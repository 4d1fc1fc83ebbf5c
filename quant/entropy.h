#pragma once

#include <functional>

#include "quant/rounder.h"
#include "tensor/formats/entropy_weight.h"

namespace octet {

/// Integers with steps for columns, as EntropyWeight stores them. How many bits they take depends on the steps alone.
///
/// **Steps.** Where an error in column c counts h (c) times, every column gets the same error in the output with
///
///     step (c) = step / sqrt(h (c) / geometric mean of h)
///
/// which is the best that a number of bits allows: a column that counts twice as much gets half a bit more. Steps are
/// rounded to half octaves and to multiples of one number, so that int8 codes can stand for all of them. Where that
/// gains less than the multiples and their tables take in the file, all columns have one step.
///
/// **Codes.** A code costs the more bits the larger it is, so a value goes to what is nearest to a little less:
///
///     z = round(g x / step (c))        g = 1 / (1 + step (c)^2 / (12 s^2))
///
/// With s^2 the mean square of the column this minimises error + price * bits, where the price is the error that a bit
/// saves, 2 ln 2 step^2 / 12, and z takes the bits of a normal distribution. At 4 bits that is next to nothing, at 2
/// bits 8 % of the error.
///
/// Source: WaterSIC, https://arxiv.org/abs/2603.04956: with h from gptq(), h (c) = L_cc^2 of H = L L^T, the steps are
/// its alpha_c, and g is its factor gamma; the rest is GPTQ.
class EntropyRounder : public Rounder {
 public:
  EntropyRounder(std::int64_t rows, std::int64_t columns, double step);

  std::int64_t run() const override { return codes_.columns(); }
  bool one_scale() const override { return true; }
  void fit(std::int64_t row, std::int64_t column, std::span<const float> values,
           std::span<const float> weights) override;
  float round(std::int64_t row, std::int64_t column, float x) override;
  AnyWeight weight() override { return EntropyWeight(codes_, multiples_); }

 private:
  void choose_steps(std::span<const float> values, std::span<const float> of_columns);
  void choose_shrinkage(std::span<const float> values);

  double step_;
  Codes codes_;
  std::vector<std::int8_t> multiples_;  // (C)
  std::vector<Grid> grids_;             // (C): of z
  std::vector<float> shrinkage_;        // (C): g
};

/// The smallest step at which int8 has a code for each value.
double finest_step(std::span<const float> values);

/// The matrix w (R, C) in at most `bits` per weight, of all bytes that are stored, and close to that: `round` rounds it
/// with steps that are tried, each time from the beginning. Where even finest_step() takes less it is that one. Errors:
/// NaN or infinity in w; (config) a matrix so small that even zeros take more.
EntropyWeight entropy_quantize(const Tensor& w, double bits, const std::function<void(Rounder&)>& round);

/// How far below `bits` per weight is close: 0.2 %, or 8 bytes of a matrix that has so few weights that those are more.
double entropy_tolerance(double bits, std::int64_t weights);

}  // namespace octet
