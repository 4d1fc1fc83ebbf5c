#include "eval/explain/rounding_noise.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "base/random.h"
#include "eval/explain/product_moments.h"
#include "tensor/ops/linear.h"

namespace octet::rounding_noise_test {
namespace {

constexpr std::int64_t kSamples = 200'000;

/// Normal values with deviation 1 in one column, all under a scale that covers `range`.
ReachHistogram normal_column(float range) {
  ReachHistogram reach(1);
  const Random random(1, 0);
  for (std::int64_t i = 0; i < kSamples; ++i) reach.add(0, random.normal(static_cast<std::uint64_t>(i)), range);
  return reach;
}

/// E[e^2] of normal values with deviation 1 in steps D: Sripad and Snyder 1977, "A Necessary and Sufficient Condition
/// for Quantization Errors to be Uniform and White", equation 12 integrated.
double error_of_normal_values(double d) {
  double sum = d * d / 12;
  for (int k = 1; k < 50; ++k) {
    const double wave = 2 * std::numbers::pi * std::numbers::pi * k * k / (d * d);
    sum += (k % 2 == 0 ? 1 : -1) * d * d / (std::numbers::pi * std::numbers::pi * k * k) * std::exp(-wave);
  }
  return sum;
}

TEST(RoundingNoise, OfNormalValuesIsWhatTheirCharacteristicFunctionGives) {
  const float range = 8;
  const ReachHistogram reach = normal_column(range);
  // Bins of 9 %, and 200,000 samples: largest deviation seen 0.9 %, at 4 deviations to a step.
  constexpr double kBound = 0.02;
  for (const double step : {0.05, 0.5, 1.0, 2.0, 4.0}) {
    const ColumnNoise noise = reach.noise_of(0, step / range);
    const double lost = 1 - noise.gain, error = lost * lost + noise.noise;  // E[x^2] = 1
    EXPECT_NEAR(error / error_of_normal_values(step), 1, kBound) << step;
  }
}

TEST(RoundingNoise, FineStepsAreNoiseAndCoarseOnesTakeTheValueAway) {
  const ReachHistogram reach = normal_column(8);
  const ColumnNoise fine = reach.noise_of(0, 0.001);
  EXPECT_NEAR(fine.gain, 1, 1e-6);
  EXPECT_NEAR(fine.noise, 0.008 * 0.008 / 12, 0.01 * 0.008 * 0.008 / 12);
  const ColumnNoise coarse = reach.noise_of(0, 100);
  EXPECT_EQ(coarse.gain, 0);
  EXPECT_NEAR(coarse.noise, 0, 1e-9);
}

TEST(RoundingNoise, WhatReachesTheEndIsExact) {
  ReachHistogram reach(2);
  for (int i = 0; i < 10; ++i) reach.add(0, 3.0F, 3.0F);
  EXPECT_EQ(reach.noise_of(0, 1.0 / 127).gain, 1);
  EXPECT_EQ(reach.noise_of(0, 1.0 / 127).noise, 0);
  EXPECT_DOUBLE_EQ(reach.noise_of(0, 0.25 / 127, 0.25).gain, 0.25) << "clipped to a quarter";
  EXPECT_EQ(reach.noise_of(1, 1.0 / 127).gain, 1) << "a column of nothing";
}

TEST(RoundingNoise, ClippingIsTheSquareOfWhatIsBeyond) {
  ReachHistogram reach(1);
  const Random random(2, 0);
  double error = 0;
  constexpr double kEnd = 0.3, kStep = kEnd / 127;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const float x = random.uniform(static_cast<std::uint64_t>(i));
    reach.add(0, x, 1.0F);
    const double rounded = std::min(std::round(x / kStep) * kStep, kEnd);
    error += (rounded - x) * (rounded - x) / kSamples;
  }
  const ColumnNoise noise = reach.noise_of(0, kStep, kEnd);
  const double power = 1.0 / 3;
  EXPECT_NEAR((1 - noise.gain) * (1 - noise.gain) * power + noise.noise, error, 0.01 * error);
}

Tensor normal_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const Tensor m = Tensor::empty({rows, columns});
  const Random random(seed, 0);
  for (std::int64_t i = 0; i < m.elements(); ++i) m.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i));
  return m;
}

TEST(ProductMoments, SignalIsTheMeanSquareOfTheOutput) {
  const Tensor x = normal_matrix(50, 7, 1), w = normal_matrix(5, 7, 2);
  const Tensor y = linear(x, w);
  double squares = 0;
  for (const float value : y.span<float>()) squares += static_cast<double>(value) * static_cast<double>(value);
  const ProductMoments moments(x, w);
  EXPECT_NEAR(moments.signal(), squares / 50, 1e-5 * squares / 50);
}

/// Gains alone leave an error that can be computed without statistics: W times what was taken away.
TEST(ProductMoments, LostChannelsMeetEachOther) {
  const Tensor x = normal_matrix(50, 7, 1), w = normal_matrix(5, 7, 2);
  Tensor lost = x.clone();
  std::vector<ColumnNoise> noise(7);
  for (std::int64_t i = 0; i < lost.elements(); ++i) {
    const std::size_t column = static_cast<std::size_t>(i % 7);
    noise[column].gain = column < 3 ? 0.25 * static_cast<double>(column) : 1.0;
    lost.data<float>()[i] *= static_cast<float>(1 - noise[column].gain);
  }
  const ProductMoments of_lost(lost, w), moments(x, w);
  EXPECT_NEAR(moments.error(noise), of_lost.signal(), 1e-5 * of_lost.signal());
}

TEST(ProductMoments, NoiseCountsAsMuchAsTheWeightsAreLarge) {
  const Tensor x = normal_matrix(50, 2, 1), w = normal_matrix(5, 2, 2);
  double w_square = 0;
  for (std::int64_t r = 0; r < 5; ++r) w_square += std::pow(w.data<float>()[2 * r + 1], 2.0);
  const std::vector<ColumnNoise> noise = {{1, 0}, {1, 0.5}};
  EXPECT_NEAR(ProductMoments(x, w).error(noise), 0.5 * w_square, 1e-5);
}

/// Inputs that lose and are noisy: beside a product that was computed with them.
TEST(ProductMoments, LossAndNoiseAddUp) {
  constexpr std::int64_t kRows = 4000, kOutputs = 5, kColumns = 3;
  const Tensor x = normal_matrix(kRows, kColumns, 1), w = normal_matrix(kOutputs, kColumns, 2);
  const Tensor noise = normal_matrix(kRows, kColumns, 3), rounded = x.clone();
  const std::vector<ColumnNoise> columns = {{0.5, 0.04}, {1, 0.25}, {0.9, 0}};
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const ColumnNoise& column = columns[static_cast<std::size_t>(i % kColumns)];
    rounded.data<float>()[i] = static_cast<float>(column.gain) * x.data<float>()[i] +
                               static_cast<float>(std::sqrt(column.noise)) * noise.data<float>()[i];
  }
  const double measured = relative_error(linear(x, w), linear(rounded, w));
  const ProductMoments moments(x, w);
  constexpr double kBound = 0.05;  // measured 0.021: the squares of 4000 draws are known to sqrt(2 / 4000) = 2.2 %
  EXPECT_NEAR(moments.error(columns) / moments.signal() / measured, 1, kBound);
}

}  // namespace
}  // namespace octet::rounding_noise_test
