#pragma once

#include <cstdint>
#include <span>

namespace octet {

/// E[max_j y_j^2] of a vector of n values that a random rotation made of x, in units of its mean square.
///
/// A random Hadamard rotation makes each y_j a sum of all x with random signs: nearly normal where x is spread, but
/// where one x is much larger than the rest, each y_j is +- that one, and they all reach as far. Between the two, the
/// fourth moment decides: with p = sum x^4 / (sum x^2)^2,
///
///     E[y^4] / E[y^2]^2 = 3 - 2 p        that of y = +-A + N(0, 1 - A^2) with A = p^(1/4)
///
/// and the maximum is taken of n such values: E[max^2] is the integral of 2 t (1 - P(|y| <= t)^n) dt.
double rotated_range(double p, std::int64_t n);

/// The mean of |x|^2 / n times rotated_range over the rows of a matrix (rows, n): the mean square of the range that the
/// scale of a rotated row covers.
double mean_rotated_range(std::span<const float> values, std::int64_t columns);

}  // namespace octet
