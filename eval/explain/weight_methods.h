#pragma once

#include <vector>

#include "eval/explain/facts.h"
#include "eval/explain/layer_sample.h"

namespace octet {

/// What storing the weights of a layer by each method costs, with its inputs in FP32: the relative squared error of the
/// output, predicted and measured. Grids from the largest value are predicted as inputs are
/// (eval/explain/rounding_noise.h), those with a minimum by step^2 / 12. For what has no closed form (searched scales,
/// 16 levels of a table) the prediction is what the method makes of normally distributed groups of the same length,
/// value by value as large as those here. Empty where the inputs or the weights are all 0.
std::vector<WeightError> study_weights(const LayerSample& sample);

/// Columns that share a scale in the methods with groups; the whole row where that is shorter.
inline constexpr std::int64_t kExplainedGroup = 32;

}  // namespace octet
