#pragma once

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/recipe.h"
#include "quant/transforms/scalable_input.h"

namespace octet {

/// As smooth(), but each input gets the alpha of 0, 0.1, ..., 1 with the smallest smoothing_error: outliers of one
/// layer want another alpha than those of the next. `scheme` is how the weights will be stored; it is rounded to
/// nearest here.
void smooth_by_search(Gpt& model, const WeightScheme& scheme, const Calibration& calibration);

/// The error of the outputs that comes from rounding weights and inputs with factors s, per row of inputs, summed over
/// the outputs. That of the weights is awq_error. Inputs are rounded to int8 with one step D for the layer, so that
/// their errors spread evenly over a step and have the variance D^2 / 12:
///
///     awq_error + sum over rows of W: sum over j of (W_j s_j)^2 D^2 / 12,   D = max over j of max|x_j| / s_j / 127
///
/// With one step for each token D is a bound.
double smoothing_error(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme,
                       std::span<const float> s);

/// What was found for one input.
struct SmoothChoice {
  double alpha = 0;
  double error = 0;      ///< smoothing_error with these factors
  std::vector<float> s;  ///< one for each factor of the input
};
SmoothChoice choose_smoothing(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme);

}  // namespace octet
