#pragma once

#include <span>

namespace octet {

/// The q-quantile (0 <= q <= 1) of values in ascending order, linear between neighbours: position q (n - 1), the
/// default of NumPy and R (type 7 of Hyndman and Fan 1996, The American Statistician 50). Error (run) where there are
/// none.
double sorted_quantile(std::span<const double> ascending, double q);

}  // namespace octet
