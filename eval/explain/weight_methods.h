#pragma once

#include <vector>

#include "eval/explain/facts.h"
#include "eval/explain/layer_sample.h"

namespace octet {

/// What storing the weights of a layer by each method costs, with its inputs in FP32: the relative squared error of the
/// output, predicted and measured. The prediction reads the rounding error of every weight, and of the inputs the mean
/// and the variance of each channel (eval/explain/channel_moments.h). The measurement multiplies the inputs by rounded
/// weights. Both agree where channels go together in their mean alone. Empty where the inputs or the weights are all 0.
std::vector<WeightError> study_weights(const LayerSample& sample);

/// Columns that share a scale in the methods with groups; the whole row where that is shorter.
inline constexpr std::int64_t kExplainedGroup = 32;

}  // namespace octet
