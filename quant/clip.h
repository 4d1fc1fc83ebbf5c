#pragma once

#include "tensor/tensor.h"

namespace octet {

// Clipping before quantization: a few outliers set the scale of everything that shares it, and pulling them in buys
// smaller steps for the rest at the price of a large error for the few.

/// x with every value brought into [-limit, limit]. Errors: limit <= 0 (config).
Tensor clip(const Tensor& x, float limit);

/// The smallest |x| that at least `percent` % of the values do not exceed: percentile_limit(x, 99.9). Errors: percent
/// outside (0, 100] (config).
float percentile_limit(const Tensor& x, double percent);

/// |mean| + deviations * standard deviation of x. Errors: deviations <= 0 (config).
float deviation_limit(const Tensor& x, double deviations);

}  // namespace octet
