#include "quant/transforms/awq.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"

namespace octet {
namespace {

constexpr int kGrid = 20;               // values of alpha, as in the paper
constexpr double kSmallestMean = 1e-4;  // smaller means count as this one: channels that are hardly used
constexpr std::int64_t kGrain = 16384;  // weights per chunk

/// mean|x_j| of each factor: over the channels that share it.
std::vector<double> mean_magnitudes(const ScalableInput& input, const ChannelRange& channels) {
  std::vector<double> means(static_cast<std::size_t>(input.factors), 0.0);
  for (std::int64_t j = 0; j < input.channels(); ++j) {
    means[static_cast<std::size_t>(input.factor_of[static_cast<std::size_t>(j)])] += channels.mean_magnitude(j);
  }
  const double shared = static_cast<double>(input.channels()) / static_cast<double>(input.factors);
  for (double& mean : means) {
    mean = std::max(mean / shared, kSmallestMean);
  }
  return means;
}

/// The middle of their range, by ratio, becomes 1.
std::vector<float> factors_for(const std::vector<double>& means, double alpha) {
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  const double middle = std::sqrt(*low * *high);
  std::vector<float> s;
  for (const double mean : means) {
    s.push_back(static_cast<float>(std::pow(mean / middle, alpha)));
  }
  return s;
}

/// W diag(s) for one factor a column.
Tensor scaled_columns(const Tensor& weight, const std::vector<float>& s) {
  Tensor scaled = weight.clone();
  const std::int64_t columns = weight.dim(1);
  for (std::int64_t i = 0; i < scaled.elements(); ++i) {
    scaled.data<float>()[i] *= s[static_cast<std::size_t>(i % columns)];
  }
  return scaled;
}

/// sum over rows and columns of square_j (restored_rj / s_j - w_rj)^2.
double weighted_error(const Tensor& weight, const Tensor& restored, const std::vector<float>& s,
                      const std::vector<double>& squares) {
  const std::int64_t rows = weight.dim(0), columns = weight.dim(1);
  std::vector<double> sums(static_cast<std::size_t>(rows), 0.0);
  parallel_for(rows, 1 + kGrain / columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float *w = weight.data<float>() + row * columns, *r = restored.data<float>() + row * columns;
      for (std::int64_t j = 0; j < columns; ++j) {
        const auto column = static_cast<std::size_t>(j);
        const double d = static_cast<double>(r[j]) / static_cast<double>(s[column]) - static_cast<double>(w[j]);
        sums[static_cast<std::size_t>(row)] += squares[column] * d * d;
      }
    }
  });
  double sum = 0;
  for (const double of_row : sums) {
    sum += of_row;
  }
  return sum;
}

}  // namespace

double awq_error(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme,
                 std::span<const float> s) {
  std::vector<float> of_channel;
  std::vector<double> squares;
  for (std::int64_t j = 0; j < input.channels(); ++j) {
    of_channel.push_back(s[static_cast<std::size_t>(input.factor_of[static_cast<std::size_t>(j)])]);
    squares.push_back(channels.mean_square(j));
  }
  const WeightScheme nearest = scheme.without_inputs();
  double error = 0;
  for (const Tensor& weight : input.weights) {
    const Tensor restored = dequantize(quantize_matrix(scaled_columns(weight, of_channel), nearest));
    error += weighted_error(weight, restored, of_channel, squares);
  }
  return error;
}

AwqChoice choose_awq(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme) {
  const std::vector<double> means = mean_magnitudes(input, channels);
  AwqChoice best;
  for (int i = 0; i < kGrid; ++i) {
    const double alpha = static_cast<double>(i) / kGrid;
    std::vector<float> s = factors_for(means, alpha);
    const double error = awq_error(input, channels, scheme, s);
    if (i == 0 || error < best.error) {
      best = {alpha, error, std::move(s)};
    }
  }
  return best;
}

void awq(Gpt& model, const WeightScheme& scheme, const Calibration& calibration) {
  if (scheme.stored_format() == WeightFormat::fp32) {
    fail(ErrorKind::config, "awq: expected a format that rounds weights, got fp32");
  }
  const std::vector<ScalableInput> inputs = scalable_inputs(model);
  for (const ScalableInput& input : inputs) {
    observed_channels(input, calibration);
  }
  for (const ScalableInput& input : inputs) {
    scale_input(input, choose_awq(input, observed_channels(input, calibration), scheme).s);
  }
}

}  // namespace octet
