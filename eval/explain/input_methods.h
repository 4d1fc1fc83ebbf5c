#pragma once

#include <vector>

#include "eval/explain/facts.h"
#include "eval/explain/layer_sample.h"

namespace octet {

/// What rounding the inputs of a layer to int8 costs by each method, with its weights in int8 and a scale for each row:
/// the relative squared error of the output, predicted and measured. Predictions come first: from ranges and histograms
/// of the inputs (eval/explain/rounding_noise.h) and the second moments of both sides (product_moments.h), and from the
/// rounding errors of the weights (channel_moments.h); after smoothing or rotation those of what came out of it. Then
/// the same product is computed as the program would: on integer kernels, but for scales per channel, which no integer
/// product can use. Empty where the inputs or the weights are all 0.
///
/// Also sets facts.clip, the end of the clipped grid that is predicted to lose least.
std::vector<InputError> study_inputs(const LayerSample& sample, LayerFacts& facts);

/// The |x| from which LLM.int8 keeps a column out (Dettmers et al. 2022, section 3).
inline constexpr float kKeptFrom = 6.0F;

}  // namespace octet
