#pragma once

#include <vector>

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/transform_config.h"
#include "quant/transforms/scalable_input.h"

namespace octet {

/// SmoothQuant (Xiao et al. 2022, https://arxiv.org/abs/2211.10438, section 4, equations 3 and 4): outliers of a few
/// input channels make one int8 step too coarse for all others, while weights are easy to round. So each channel j of
/// an input that scales (ScalableInput) is divided by
///
///     s_j = max|x_j|^alpha / max|W_:j|^(1 - alpha)
///
/// and the columns of the layers that read it are multiplied by it. alpha says how much of the difficulty moves from
/// the activations (0: none of it) to the weights (1: all, so that every channel reaches as far). The maximum of W goes
/// over all layers that read the input, and over all channels that share the factor.
///
/// `model` is in FP32 on the CPU, and `calibration` was made with it. Errors (run) before the first change: a layer
/// that was not observed; (config) alpha outside [0, 1].
void smooth(Gpt& model, const SmoothConfig& config, const Calibration& calibration);

/// The factors of one input. A channel where inputs or weights are all 0 has the factor 1.
std::vector<float> smoothing_factors(const ScalableInput& input, const ChannelRange& channels, double alpha);

}  // namespace octet
