#include "quant/fit_levels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "quant/codebook_scale.h"
#include "quant/scales.h"
#include "tensor/formats/codebook_weight.h"

namespace octet {
namespace {

constexpr int kTurns = 8;  // of normal weights the error falls by less than 0.1 % after the sixth

using IntegerLevels = std::array<std::int8_t, 16>;

struct Block {
  std::span<const float> values, weights;
};

std::vector<Block> blocks_of(const Tensor& w, std::int64_t block, std::span<const float> importance) {
  const std::int64_t columns = w.dim(1), run = std::min(block, columns), in_row = (columns + run - 1) / run;
  const std::int64_t all = w.dim(0) * in_row, count = std::min(all, kFittedBlocks);
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t chosen = i * all / count, row = chosen / in_row, first = chosen % in_row * run;
    const auto length = static_cast<std::size_t>(std::min(run, columns - first));
    blocks.push_back({w.span<float>().subspan(static_cast<std::size_t>(row * columns + first), length),
                      importance.empty() ? importance : importance.subspan(static_cast<std::size_t>(first), length)});
  }
  return blocks;
}

Levels as_floats(const IntegerLevels& levels) {
  Levels floats;
  std::copy(levels.begin(), levels.end(), floats.begin());
  return floats;
}

/// Stretched to the ends of int8, rounded, and all different.
IntegerLevels as_integers(Levels levels) {
  std::sort(levels.begin(), levels.end());
  const float stretch = 127.0F / largest_magnitude(levels);
  IntegerLevels integers;
  int last = -128;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const int left = static_cast<int>(levels.size() - 1 - i);  // that must find room above
    last = std::clamp(static_cast<int>(std::lround(levels[i] * stretch)), last + 1, 127 - left);
    integers[i] = static_cast<std::int8_t>(last);
  }
  return integers;
}

/// What Lloyd's two steps need to know of all blocks.
struct Turn {
  double error = 0.0;
  Levels means = {};
};

Turn measure(const std::vector<Block>& blocks, const IntegerLevels& integers) {
  const Levels levels = as_floats(integers);
  Turn turn{.means = levels};
  std::array<double, 16> sums = {}, weights = {};
  for (const Block& block : blocks) {
    const float scale = find_codebook_scale(block.values, block.weights, levels);
    turn.error += codebook_error(block.values, block.weights, levels, scale);
    for (std::size_t i = 0; i < block.values.size() && scale != 0.0F; ++i) {
      const auto level = static_cast<std::size_t>(nearest_level(block.values[i] / scale, levels));
      const auto s = static_cast<double>(scale);
      const double h = block.weights.empty() ? 1.0 : static_cast<double>(block.weights[i]);
      sums[level] += h * s * static_cast<double>(block.values[i]);
      weights[level] += h * s * s;
    }
  }
  for (std::size_t level = 0; level < sums.size(); ++level) {
    if (weights[level] > 0.0) {
      turn.means[level] = static_cast<float>(sums[level] / weights[level]);
    }
  }
  return turn;
}

}  // namespace

Tensor fit_levels(const Tensor& w, std::int64_t block, std::span<const float> importance) {
  const Tensor dense = checked_weights(w);
  const std::vector<Block> blocks = blocks_of(dense, block, importance);
  IntegerLevels levels = kTable4Levels, best = kTable4Levels;
  double least = std::numeric_limits<double>::infinity();
  for (int turn = 0; turn <= kTurns; ++turn) {
    const Turn found = measure(blocks, levels);
    if (found.error < least) {
      least = found.error;
      best = levels;
    }
    levels = as_integers(found.means);
  }
  return Tensor::from(std::vector<std::int8_t>(best.begin(), best.end()), {16});
}

}  // namespace octet
