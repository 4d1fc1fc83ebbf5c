#include "quant/fit_levels.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "quant/codebook.h"
#include "quant/quantize_matrix.h"

namespace octet::fit_levels_test {
namespace {

constexpr std::int64_t kRows = 64, kColumns = 96, kBlock = 32;

Tensor weights_of(float (*shape)(float normal, float uniform)) {
  Tensor w = Tensor::empty({kRows, kColumns});
  const Random normal(1), uniform(2);
  for (std::int64_t i = 0; i < w.elements(); ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    w.data<float>()[i] = shape(normal.normal(index), uniform.uniform(index));
  }
  return w;
}

double squared_error(const Tensor& w, const CodebookWeight& stored, std::span<const float> importance = {}) {
  const Tensor restored = dequantize(stored);
  double sum = 0.0;
  for (std::int64_t i = 0; i < w.elements(); ++i) {
    const double error = static_cast<double>(w.data<float>()[i]) - static_cast<double>(restored.data<float>()[i]);
    sum += error * error * (importance.empty() ? 1.0 : static_cast<double>(importance[i % kColumns]));
  }
  return sum;
}

CodebookWeight stored_with(const Tensor& w, const Tensor& levels) {
  return codebook_quantize(w, {.codebook = Codebook::table4, .block = kBlock, .levels = levels});
}

/// The error with fitted levels relative to that with the usual ones.
double gain(const Tensor& w) {
  return squared_error(w, stored_with(w, fit_levels(w, kBlock))) / squared_error(w, stored_with(w, {}));
}

// Measured: 0.984 for normal weights, for which the usual levels were made; 0.871 for uniform ones; 0.579 for two
// humps.
constexpr double kLeastForNormal = 0.97, kMostForUniform = 0.89, kMostForTwoHumps = 0.62;

TEST(FitLevels, NormalWeightsHaveTheUsualLevelsNearly) {
  const double ratio = gain(weights_of([](float normal, float) { return normal; }));
  EXPECT_LE(ratio, 1.0);
  EXPECT_GT(ratio, kLeastForNormal);
}

TEST(FitLevels, OtherShapesGainMore) {
  EXPECT_LT(gain(weights_of([](float, float uniform) { return 2 * uniform - 1; })), kMostForUniform);
  EXPECT_LT(gain(weights_of([](float normal, float uniform) { return uniform < 0.5F ? 3 + 0.2F * normal : normal; })),
            kMostForTwoHumps);
}

TEST(FitLevels, AreSixteenDifferentIntegersThatReachToTheEnd) {
  for (const auto shape : {+[](float normal, float) { return normal; }, +[](float, float) { return 1.0F; },
                           +[](float, float uniform) { return uniform < 0.5F ? -1.0F : 1.0F; },
                           +[](float normal, float) { return normal > 3.5F ? 1e6F : 1e-20F * normal; }}) {
    const Tensor levels = fit_levels(weights_of(shape), kBlock);
    ASSERT_EQ(levels.elements(), 16);
    const std::int8_t* level = levels.data<std::int8_t>();
    for (int i = 1; i < 16; ++i) {
      EXPECT_GT(level[i], level[i - 1]);
    }
    EXPECT_EQ(std::max(-level[0], +level[15]), 127);
  }
}

TEST(FitLevels, ZerosKeepTheUsualLevels) {
  const Tensor levels = fit_levels(Tensor::zeros({2, 40}), kBlock);
  EXPECT_TRUE(std::equal(kTable4Levels.begin(), kTable4Levels.end(), levels.data<std::int8_t>()));
}

TEST(FitLevels, HeedImportance) {
  // Half of the columns is uniform, half normal: whoever counts decides.
  Tensor w = weights_of([](float normal, float) { return normal; });
  const Tensor even = weights_of([](float, float uniform) { return 2 * uniform - 1; });
  std::vector<float> importance(kColumns, 1e-4F);
  for (std::int64_t i = 0; i < w.elements(); ++i) {
    if (i % kColumns < kColumns / 3) {  // the first block of each row
      w.data<float>()[i] = even.data<float>()[i];
      importance[static_cast<std::size_t>(i % kColumns)] = 1.0F;
    }
  }
  EXPECT_LT(squared_error(w, stored_with(w, fit_levels(w, kBlock, importance)), importance),
            0.95 * squared_error(w, stored_with(w, fit_levels(w, kBlock)), importance));
}

TEST(FitLevels, ARecipeStoresThem) {
  const Tensor w = weights_of([](float, float uniform) { return 2 * uniform - 1; });
  WeightScheme scheme{.format = WeightFormat::table4, .granularity = Granularity::per_group, .fitted_levels = true};
  const auto fitted = std::get<CodebookWeight>(quantize_matrix(w, scheme));
  const Tensor expected = fit_levels(w, scheme.group);
  EXPECT_TRUE(std::equal(expected.data<std::int8_t>(), expected.data<std::int8_t>() + 16,
                         fitted.integer_levels().data<std::int8_t>()));
  LayerMoments inputs;
  inputs.inputs.add(weights_of([](float normal, float) { return normal; }));
  scheme.method = RoundingMethod::gptq;
  const auto with_feedback = std::get<CodebookWeight>(quantize_matrix(w, scheme, &inputs).weight);
  EXPECT_TRUE(std::equal(expected.data<std::int8_t>(), expected.data<std::int8_t>() + 16,
                         with_feedback.integer_levels().data<std::int8_t>()));
}

}  // namespace
}  // namespace octet::fit_levels_test
