#pragma once

#include <vector>

#include "nn/layers/module.h"

namespace octet {

/// The length of all gradients taken as one vector, sqrt(sum of squares); summed in double, the same for any number of
/// threads. The host waits for a device once. Infinite or NaN where a gradient is. Error (run) naming a parameter
/// without gradient.
double gradient_norm(const std::vector<Module::NamedParameter>& parameters);

/// What to multiply gradients of this norm with so that they are no longer than `limit`: at most 1. A limit of 0 means
/// none. Source: Pascanu et al. 2013, https://arxiv.org/abs/1211.5063, algorithm 1.
float clip_scale(double norm, double limit);

}  // namespace octet
