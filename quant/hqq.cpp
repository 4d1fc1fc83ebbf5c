#include "quant/hqq.h"

#include <cmath>

#include "quant/minmax.h"

namespace octet {
namespace {

constexpr int kTurns = 20;
constexpr double kPower = 0.7;
constexpr double kBeta = 10, kBetaGrowth = 1.01;

double shrink(double x, double beta) {
  const double size = std::fabs(x);
  return size == 0 ? 0 : std::copysign(std::max(size - std::pow(size, kPower - 1) / beta, 0.0), x);
}

double mean_error(const Grid& grid, std::span<const float> values) {
  double sum = 0;
  for (const float x : values) {
    sum += std::fabs(static_cast<double>(x - grid.value(grid.code(x))));
  }
  return sum;
}

}  // namespace

Grid hqq_grid(const GridKind& kind, std::span<const float> values) {
  Grid grid = minmax_grid(kind, values);
  const double range = static_cast<double>(grid.scale) * grid.highest;
  double beta = kBeta, error = mean_error(grid, values);
  for (int turn = 0; turn < kTurns; ++turn, beta *= kBetaGrowth) {
    double sum = 0;
    for (const float x : values) {
      const int code = grid.code(x);
      const double missed = range * shrink(static_cast<double>(x - grid.value(code)) / range, beta);
      sum += static_cast<double>(x) - missed - static_cast<double>(grid.scale) * code;
    }
    Grid moved = grid;
    moved.minimum = kind.stored_value(static_cast<float>(sum / static_cast<double>(values.size())));
    const double moved_error = mean_error(moved, values);
    if (moved_error >= error) {
      break;
    }
    grid = moved;
    error = moved_error;
  }
  return grid;
}

}  // namespace octet
