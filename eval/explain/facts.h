#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "eval/score/interval.h"

namespace octet {

/// What shares a scale among the int8 inputs of a layer, or what is done to them before.
enum class InputMethod { fixed, fixed_asymmetric, fixed_clipped, batch, token, channel, smoothed, rotated, split };

template <>
inline constexpr auto enum_names<InputMethod> = std::to_array<EnumName<InputMethod>>({
    {InputMethod::fixed, "static"},
    {InputMethod::fixed_asymmetric, "static_asymmetric"},
    {InputMethod::fixed_clipped, "static_clipped"},
    {InputMethod::batch, "per_batch"},
    {InputMethod::token, "per_token"},
    {InputMethod::channel, "per_channel"},
    {InputMethod::smoothed, "smoothed"},
    {InputMethod::rotated, "rotated"},
    {InputMethod::split, "outliers_kept"},
});

/// How the weights of a layer are stored; a number is that of the bits.
enum class WeightMethod { tensor8, row8, tensor4, row4, group4, minimum4, searched4, table4 };

template <>
inline constexpr auto enum_names<WeightMethod> = std::to_array<EnumName<WeightMethod>>({
    {WeightMethod::tensor8, "int8_per_tensor"},
    {WeightMethod::row8, "int8_per_channel"},
    {WeightMethod::tensor4, "int4_per_tensor"},
    {WeightMethod::row4, "int4_per_channel"},
    {WeightMethod::group4, "int4_per_group"},
    {WeightMethod::minimum4, "int4_minimum"},
    {WeightMethod::searched4, "int4_searched"},
    {WeightMethod::table4, "table4"},
});

/// Mean squared error of a layer's output, as a share of the output's mean square: from a formula, and as it was.
template <typename Method>
struct MethodError {
  Method method = {};
  double predicted = kNotMeasured, measured = kNotMeasured;
  std::string note;  ///< what it needs, or why it was not measured; empty for nothing

  bool is_measured() const { return measured == measured; }  // not NaN

  template <class V>
  void visit(V& v) {
    v("method", method);
    v("predicted", predicted, allow_nonfinite());
    v("measured", measured, allow_nonfinite());
    v("note", note);
  }
};
using InputError = MethodError<InputMethod>;
using WeightError = MethodError<WeightMethod>;

/// What was measured of one layer: all that verdicts are made of (eval/explain/rules.h).
struct LayerFacts {
  std::string layer;
  std::int64_t rows = 0, channels = 0, outputs = 0;   ///< of inputs (rows, channels)
  double std = kNotMeasured, max_abs = kNotMeasured;  ///< of the inputs
  std::int64_t largest_channel = 0;                   ///< the one that holds max_abs
  double other_max = kNotMeasured;                    ///< max |x| of all other channels
  double largest_in = kNotMeasured;   ///< share of the tokens in which that channel holds the largest magnitude
  double usual_range = kNotMeasured;  ///< median over tokens of max |x| of the token
  double beyond_six = kNotMeasured;   ///< share of the values with |x| >= 6, the threshold of LLM.int8
  double clip = kNotMeasured;         ///< end of the clipped grid, as a share of max_abs
  double smoothing_alpha = kNotMeasured;
  double weight_kurtosis = kNotMeasured;
  /// Inputs by each method, and weights in int8 with a scale for each row: what an integer product gives.
  std::vector<InputError> inputs;
  /// Weights by each method, and inputs in FP32.
  std::vector<WeightError> weights;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("rows", rows);
    v("channels", channels);
    v("outputs", outputs);
    v("std", std, allow_nonfinite());
    v("max_abs", max_abs, allow_nonfinite());
    v("largest_channel", largest_channel);
    v("other_max", other_max, allow_nonfinite());
    v("largest_in", largest_in, allow_nonfinite());
    v("usual_range", usual_range, allow_nonfinite());
    v("beyond_six", beyond_six, allow_nonfinite());
    v("clip", clip, allow_nonfinite());
    v("smoothing_alpha", smoothing_alpha, allow_nonfinite());
    v("weight_kurtosis", weight_kurtosis, allow_nonfinite());
    v("inputs", inputs);
    v("weights", weights);
  }
};

}  // namespace octet
