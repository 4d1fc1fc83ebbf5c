#pragma once

#include <cstdint>
#include <span>

#include "eval/score/interval.h"

namespace octet {

/// Student's t distribution: that of the mean of few values, whose standard deviation is estimated from the same few.

/// The share of the distribution between -t and t, for a whole number of degrees of freedom (at least 1). A finite sum:
/// Abramowitz and Stegun 1964, 26.7.3 and 26.7.4.
double student_t_share(double t, std::int64_t degrees);

/// The t that has `share` (0 < share < 1) of the distribution between -t and t: 4.303 for 0.95 and 2 degrees of
/// freedom, 1.960 for endless ones. Error (run) for other arguments.
double student_t_limit(double share, std::int64_t degrees);

/// Standard deviation of the values around their mean, with n - 1 below the root; NaN for fewer than two.
double sample_deviation(std::span<const double> values);

/// The mean of values from a normal distribution, with its interval: mean +- t s / sqrt(n), n - 1 degrees of freedom.
/// With fewer than two values the bounds are unknown; without any the mean too.
Interval mean_interval(std::span<const double> values, double confidence);

}  // namespace octet
