#include "quant/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/absmax.h"
#include "quant/minmax.h"
#include "quant/scales.h"

namespace octet {
namespace {

// Sizes of the grid that are tried, relative to the one that reaches the largest value. At 2 bits the best one for a
// Gaussian reaches less than half of it.
constexpr int kSizes = 20;
constexpr float kLargestSize = 1.05F;
constexpr float kStep = 0.035F;

float size(int number) {
  return kLargestSize - kStep * static_cast<float>(number);
}

/// Values that share a scale, and how much each counts.
struct Group {
  std::span<const float> values, weights;
  float weight(std::size_t i) const { return weights.empty() ? 1.0F : weights[i]; }
};

double squared_error(const Group& group, const Grid& grid) {
  double sum = 0;
  for (std::size_t i = 0; i < group.values.size(); ++i) {
    const float x = group.values[i];
    const float error = x - grid.value(grid.code(x));
    sum += static_cast<double>(group.weight(i) * error * error);
  }
  return sum;
}

/// Sums of the least squares fit of values by codes.
struct FitSums {
  double w = 0, q = 0, qq = 0, x = 0, xq = 0;

  FitSums(const Group& group, const Grid& grid) {
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      const auto h = static_cast<double>(group.weight(i)), value = static_cast<double>(group.values[i]);
      const double code = grid.code(group.values[i]);
      w += h;
      q += h * code;
      qq += h * code * code;
      x += h * value;
      xq += h * value * code;
    }
  }
};

/// The grid whose scale (and minimum) fit the values best as long as their codes on `grid` stay as they are.
Grid refit(const GridKind& kind, const Group& group, Grid grid) {
  const FitSums sums(group, grid);
  if (kind.symmetric) {
    if (sums.qq > 0) {
      grid.scale = kind.stored(static_cast<float>(sums.xq / sums.qq));
    }
    return grid;
  }
  const double determinant = sums.w * sums.qq - sums.q * sums.q;
  if (determinant > 1e-9 * sums.w * sums.qq) {  // else all codes are alike
    const double scale = (sums.w * sums.xq - sums.q * sums.x) / determinant;
    grid.scale = kind.stored(static_cast<float>(scale));
    grid.minimum = kind.stored_value(static_cast<float>((sums.x - scale * sums.q) / sums.w));
  }
  return grid;
}

/// The grids of one size to start from.
std::vector<Grid> starts(const GridKind& kind, const Grid& whole, float extreme, float relative_size) {
  Grid grid = whole;
  if (!kind.symmetric) {
    grid.scale = kind.stored(whole.scale * relative_size);
    grid.minimum = kind.stored_value(whole.minimum * relative_size);
    return {grid};
  }
  grid.lowest = kind.lowest();
  std::vector<Grid> both;
  for (const int end : {grid.lowest, grid.highest}) {  // the code that stands for the extreme value
    grid.scale = kind.stored(extreme / static_cast<float>(end) * relative_size);
    both.push_back(grid);
  }
  return both;
}

}  // namespace

Grid search_grid(const GridKind& kind, std::span<const float> values, std::span<const float> weights) {
  const Group group{values, weights};
  const Grid whole = kind.symmetric ? absmax_grid(kind, values) : minmax_grid(kind, values);
  const auto extreme =
      std::max_element(values.begin(), values.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  if (*extreme == 0.0F) {
    return whole;
  }
  Grid best = whole;
  double least = squared_error(group, best);
  for (int number = 0; number < kSizes; ++number) {
    for (const Grid& start : starts(kind, whole, *extreme, size(number))) {
      const Grid grid = refit(kind, group, start);
      const double error = squared_error(group, grid);
      if (error < least) {
        least = error;
        best = grid;
      }
    }
  }
  return best;
}

}  // namespace octet
