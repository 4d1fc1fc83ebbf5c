#pragma once

#include <vector>

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/recipe.h"
#include "quant/transforms/scalable_input.h"

namespace octet {

/// AWQ (Lin et al. 2023, https://arxiv.org/abs/2306.00978, section 3.2, equations 4 and 5): a weight that meets large
/// activations deserves a finer grid. Multiplied by s > 1 before it is rounded, and divided by s afterwards, it has an
/// error that is up to s times smaller, as long as it does not widen the grid of its neighbours. So each channel of an
/// input that scales (ScalableInput) gets the factor
///
///     s_j = mean|x_j|^alpha / sqrt(max s * min s),   alpha = 0, 1/20, ..., 19/20
///
/// with the alpha of the smallest error of the layers that read it. alpha = 0 changes nothing, so that no input is
/// worse off by that measure than it was.
///
/// `model` is in FP32 on the CPU, and `calibration` was made with it; `scheme` is how its weights will be stored, by
/// rounding to nearest here whatever its method. Errors: (run) before the first change: a layer that was not observed;
/// (config) a scheme that stores FP32.
void awq(Gpt& model, const WeightScheme& scheme, const Calibration& calibration);

/// What was found for one input.
struct AwqChoice {
  double alpha = 0;
  double error = 0;      ///< awq_error with these factors
  std::vector<float> s;  ///< one for each factor of the input
};
AwqChoice choose_awq(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme);

/// The error of the outputs that comes from rounding the weights with factors s, per row of inputs, summed over the
/// outputs: with d = Q(W diag(s)) diag(s)^-1 - W,
///
///     sum over rows of d:  E[(d x)^2]  ~  sum over j of E[x_j^2] d_j^2
///
/// the right side takes the channels of x as uncorrelated.
double awq_error(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme,
                 std::span<const float> s);

}  // namespace octet
