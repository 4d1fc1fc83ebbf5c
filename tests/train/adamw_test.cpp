#include "train/optim/adamw.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/train/optimizer_sample.h"

namespace octet::adamw_test {
namespace {

using testing::ElementsAre;

// FP32 rounding of a weight near 1 after two steps; measured 6e-8.
constexpr float kTolerance = 3e-7F;

// With beta1 = 0.5 and beta2 = 0.75 everything can be worked out by hand.
constexpr AdamWConfig kSimple{.learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-8, .weight_decay = 0.0};

TEST(AdamW, FollowsTheFormulaByHand) {
  LooseParameters model({{"w", {2}}});
  model[0].set_value(Tensor::from<float>({1.0F, -1.0F}, {2}));
  AdamW adamw(model.parameters(), kSimple);

  // Step 1: m' = g and v' = g^2, so the weight moves by lr against the sign of g, whatever its size.
  model[0].value().set_grad(Tensor::from<float>({4.0F, -0.01F}, {2}));
  adamw.step({.index = 0});
  EXPECT_NEAR(model[0].value().to_vector()[0], 0.9F, kTolerance);
  EXPECT_NEAR(model[0].value().to_vector()[1], -0.9F, kTolerance);

  // Step 2 of the first weight with g = 0: m = 0.5 * 2 = 1, v = 0.75 * 4 = 3;
  // m' = 1 / 0.75, v' = 3 / 0.4375; it moves by 0.1 * (4 / 3) / sqrt(3 / 0.4375).
  model[0].value().set_grad(Tensor::from<float>({0.0F, 0.0F}, {2}));
  adamw.step({.index = 1});
  EXPECT_NEAR(model[0].value().to_vector()[0], 0.9 - 0.1 * (4.0 / 3.0) / std::sqrt(3.0 / 0.4375), kTolerance);
}

TEST(AdamW, DecaysWeightsApartFromTheGradient) {
  LooseParameters model({{"head.weight", {1, 2}}, {"norm.gain", {2}}});
  model[0].set_value(Tensor::from<float>({2.0F, 4.0F}, {1, 2}));
  model[1].set_value(Tensor::from<float>({2.0F, 4.0F}, {2}));
  AdamWConfig config = kSimple;
  config.weight_decay = 0.5;
  AdamW adamw(model.parameters(), config);
  model[0].value().set_grad(Tensor::zeros({1, 2}));
  model[1].value().set_grad(Tensor::zeros({2}));
  adamw.step({.index = 0});
  EXPECT_THAT(model[0].value().to_vector(), ElementsAre(1.9F, 3.8F));  // 1 - lr * decay = 0.95
  EXPECT_THAT(model[1].value().to_vector(), ElementsAre(2.0F, 4.0F));
}

TEST(AdamW, ScalesTheLearningRateAndTheGradient) {
  // A large epsilon makes the size of the gradient visible: the step is close to lr * g / epsilon.
  AdamWConfig config = kSimple;
  config.epsilon = 1e6;
  const auto moved = [&](const OptimizerStep& step) {
    LooseParameters model({{"w", {1}}});
    model[0].set_value(Tensor::from<float>({0.0F}, {1}));
    model[0].value().set_grad(Tensor::from<float>({1000.0F}, {1}));
    AdamW(model.parameters(), config).step(step);
    return model[0].value().item();
  };
  constexpr float kRelative = 1e-3F;  // g / epsilon is that far from 0
  EXPECT_NEAR(moved({}), -1e-4F, 1e-4F * kRelative);
  EXPECT_NEAR(moved({.learning_rate_factor = 0.5}), -5e-5F, 5e-5F * kRelative);
  EXPECT_NEAR(moved({.gradient_scale = 0.25F}), -2.5e-5F, 2.5e-5F * kRelative);
}

TEST(AdamW, NamesItsState) {
  LooseParameters model({{"a", {2, 3}}, {"b", {4}}});
  std::vector<std::string> names;
  for (const NamedTensor& entry : AdamW(model.parameters(), {}).state()) {
    names.push_back(entry.name + " " + entry.tensor.shape().str());
  }
  EXPECT_THAT(names,
              ElementsAre("adamw.first.a (2, 3)", "adamw.second.a (2, 3)", "adamw.first.b (4)", "adamw.second.b (4)"));
}

TEST(AdamW, AMissingGradientIsAnErrorThatNamesTheParameter) {
  LooseParameters model({{"blocks.0.up.weight", {1}}});
  AdamW adamw(model.parameters(), {});
  try {
    adamw.step({});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[optimizer] expected a gradient of \"blocks.0.up.weight\", got none");
  }
}

}  // namespace
}  // namespace octet::adamw_test
