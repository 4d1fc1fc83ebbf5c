#include "quant/entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "quant/scales.h"

namespace octet {

EntropyRounder::EntropyRounder(std::int64_t rows, std::int64_t columns, double step)
    : step_(step),
      codes_{Tensor::empty({rows, columns}, DType::i8), Tensor::full({1}, static_cast<float>(step)), 8,
             Granularity::per_tensor},
      multiples_(static_cast<std::size_t>(columns), 1) {}

void EntropyRounder::fit(std::int64_t, std::int64_t, std::span<const float> values, std::span<const float> weights) {
  if (!weights.empty()) {
    choose_steps(values, weights.first(multiples_.size()));  // every row has the same
  }
  const float scale = codes_.scales.data<float>()[0];
  grids_.clear();
  for (const int multiple : multiples_) {
    const int most = largest_code(8) / multiple;
    grids_.push_back({.scale = scale * static_cast<float>(multiple), .lowest = -most, .highest = most});
  }
  choose_shrinkage(values);
}

/// Sets multiples and scale, where that gains more than it takes.
void EntropyRounder::choose_steps(std::span<const float> values, std::span<const float> of_columns) {
  const auto columns = static_cast<double>(of_columns.size()), rows = static_cast<double>(codes_.rows());
  double mean = 1e-30, logarithm = 0;
  for (const float weight : of_columns) {
    mean += static_cast<double>(weight) / columns;
    logarithm += std::log2(std::max(weight, 1e-30F)) / columns;
  }
  // In bits per weight: what equal steps would need for the same error, and usual sizes of what is stored more.
  constexpr double kBitsOfMultiple = 2, kBitsOfTables = 1000;
  if ((std::log2(mean) - logarithm) / 2 < (kBitsOfMultiple + kBitsOfTables / columns) / rows) {
    return;
  }
  const double usual = std::max(1.0, std::floor(step_ / finest_step(values)));  // the multiple of an average column
  codes_.scales.data<float>()[0] = static_cast<float>(step_ / usual);
  for (std::size_t c = 0; c < multiples_.size(); ++c) {
    const double octaves = (logarithm - std::log2(std::max(of_columns[c], 1e-30F))) / 2;
    const double multiple = std::round(usual * std::exp2(std::round(2 * octaves) / 2));
    multiples_[c] = static_cast<std::int8_t>(std::clamp(multiple, 1.0, 127.0));
  }
}

void EntropyRounder::choose_shrinkage(std::span<const float> values) {
  std::vector<double> squares(multiples_.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares[i % squares.size()] += static_cast<double>(values[i]) * values[i];
  }
  shrinkage_.clear();
  for (std::size_t c = 0; c < squares.size(); ++c) {
    const double mean = squares[c] / static_cast<double>(codes_.rows()), step = grids_[c].scale;
    shrinkage_.push_back(static_cast<float>(mean / (mean + step * step / 12)));
  }
}

float EntropyRounder::round(std::int64_t row, std::int64_t column, float x) {
  const auto c = static_cast<std::size_t>(column);
  const int z = grids_[c].code(shrinkage_[c] * x);
  const int code = z * multiples_[c];
  codes_.codes.data<std::int8_t>()[row * codes_.columns() + column] = static_cast<std::int8_t>(code);
  return static_cast<float>(code) * codes_.scales.data<float>()[0];
}

double finest_step(std::span<const float> values) {
  return std::max(static_cast<double>(largest_magnitude(values)), 1e-30) / largest_code(8);
}

double entropy_tolerance(double bits, std::int64_t weights) {
  return std::max(0.002 * bits, 8.0 * 8 / static_cast<double>(weights));
}

EntropyWeight entropy_quantize(const Tensor& w, double bits, const std::function<void(Rounder&)>& round) {
  constexpr int kMostTrials = 24;
  const double close = entropy_tolerance(bits, w.elements());
  const Tensor dense = checked_weights(w);
  const std::span<const float> values = dense.span<float>();
  double squares = 0;
  for (const float value : values) {
    squares += static_cast<double>(value) * value;
  }
  // Steps as logarithms. Of normal numbers that are rounded finely, a code takes log2(s / step) + log2(2 pi e) / 2.
  const double finest = std::log2(finest_step(values));
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  double step = std::log2(std::max(deviation, 1e-30)) + 2.05 - bits;
  double too_fine = -std::numeric_limits<double>::infinity(), fits = std::numeric_limits<double>::infinity();
  std::optional<EntropyWeight> best;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    step = std::max(step, finest);
    EntropyRounder rounder(w.dim(0), w.dim(1), std::exp2(step));
    round(rounder);
    const AnyWeight weight = rounder.weight();
    const double taken = bits_per_weight(weight);
    if (taken > bits) {
      too_fine = step;
    } else {
      fits = step;
      best = std::get<EntropyWeight>(weight);
      if (taken >= bits - close || step == finest) {
        break;
      }
    }
    // Twice the step takes one bit less, or not quite so much where bits are few.
    step += taken - (bits - close / 2);
    if (step <= too_fine || step >= fits) {
      step = std::isfinite(fits) ? (too_fine + fits) / 2 : too_fine + 1;
    }
  }
  if (!best) {
    fail(ErrorKind::config,
         "[entropy] expected a matrix that {:g} bits per weight can store, got {} x {}, whose tables alone take more",
         bits, w.dim(0), w.dim(1));
  }
  return *best;
}

}  // namespace octet
