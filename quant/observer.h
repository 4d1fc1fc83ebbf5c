#pragma once

#include "quant/calibration_config.h"
#include "quant/input_range.h"

namespace octet {

/// The limit c of an int8 grid for the inputs that `range` saw, by one of the rules below. Errors: no inputs yet;
/// (config) a percentile outside (0, 100].
///
///     percentile       the magnitude that this share of the inputs does not exceed
///     moving_average   the largest magnitude of each window, averaged: c <- c + kAveragingConstant (largest - c)
///     mse              the c with the smallest mean squared error
///     kl               the c whose grid keeps most of the distribution's information
float observed_limit(const InputRange& range, const CalibrationConfig& config);

/// The int8 grid of a layer's inputs: codes q stand for scale (q - zero_point).
struct StaticGrid {
  float scale = 1.0F;
  int zero_point = 0;
};

/// Symmetric: scale = observed_limit() / 127. Asymmetric, from the smallest input a (at most 0) to the largest b (at
/// least 0):
///
///     scale = (b - a) / 254,    zero_point = -round((a + b) / (2 scale))
///
/// so that a and b have the codes -127 and 127 to half a step, and 0 is a code. Scale 1 where all inputs are 0.
/// Source: Jacob et al. 2017, https://arxiv.org/abs/1712.05877, section 2.1.
StaticGrid static_grid(const InputRange& range, const CalibrationConfig& config);

/// Mean squared error of a grid with the limit c:
///
///     c^2 / 127^2 / 12 P(|x| <= c)  +  E[(|x| - c)^2; |x| > c]
///
/// the noise of even steps (Bennett 1948) below the limit, what is clipped above it.
double clipping_error(const InputRange& range, double limit);

/// KL(P || Q) in nats between the magnitudes clipped at the end of bin `bins` - 1 (P) and the same on 128 levels (Q,
/// Migacz, "8-bit inference with TensorRT", 2017). Infinite where Q has nothing and P has something.
double level_divergence(const InputRange& range, std::size_t bins);

}  // namespace octet
