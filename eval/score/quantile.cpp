#include "eval/score/quantile.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace octet {

double sorted_quantile(std::span<const double> ascending, double q) {
  check(!ascending.empty() && q >= 0 && q <= 1, "[quantile] expected values and 0 <= q <= 1, got {} values, q = {}",
        ascending.size(), q);
  const double position = q * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return std::lerp(ascending[below], ascending[above], position - static_cast<double>(below));
}

}  // namespace octet
