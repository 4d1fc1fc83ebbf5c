#include "train/optim/muon.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/train/optimizer_sample.h"
#include "train/optim/newton_schulz.h"

namespace octet::muon_test {
namespace {

using testing::ElementsAre;

constexpr float kTolerance = 2e-6F;  // FP32 rounding of weights near 3

std::vector<float> orthogonal(const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
  return newton_schulz(Tensor::from<float>(values, {rows, columns})).to_vector();
}

TEST(Muon, FollowsTheFormulaOverTwoSteps) {
  constexpr std::int64_t kRows = 12, kColumns = 3;
  LooseParameters model({{"blocks.0.mlp.up.weight", {kRows, kColumns}}});
  Muon muon(model.parameters(), {.learning_rate = 0.1, .momentum = 0.5, .weight_decay = 0.2});
  std::vector<double> momentum(kRows * kColumns, 0.0);
  std::vector<float> weight = model[0].value().to_vector();
  for (std::int64_t index = 0; index < 2; ++index) {
    model.set_random_gradients(static_cast<std::uint64_t>(index));
    const std::vector<float> gradient = model[0].value().grad().to_vector();
    muon.step({.index = index, .learning_rate_factor = 0.5, .gradient_scale = 2.0F});

    std::vector<float> update(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      momentum[i] = 0.5 * momentum[i] + 2.0 * gradient[i];
      update[i] = static_cast<float>(2.0 * gradient[i] + 0.5 * momentum[i]);
    }
    update = orthogonal(update, kRows, kColumns);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      weight[i] -= 0.05F * (2.0F * update[i] + 0.2F * weight[i]);  // sqrt(12 / 3) = 2
      EXPECT_NEAR(model[0].value().to_vector()[i], weight[i], kTolerance) << "step " << index << " at " << i;
    }
  }
}

TEST(Muon, OrthogonalisesStackedMatricesOneByOne) {
  LooseParameters model({{"blocks.0.attention.qkv.weight", {8, 4}}});  // 4 rows of queries, 2 of keys, 2 of values
  model[0].set_value(Tensor::zeros({8, 4}));
  model.set_random_gradients(0);
  const std::vector<float> gradient = model[0].value().grad().to_vector();
  Muon muon(model.parameters(), {.learning_rate = 1.0, .momentum = 0.0, .weight_decay = 0.0});
  muon.step({});
  const std::vector<float> moved = model[0].value().to_vector();
  std::size_t begin = 0;
  for (const std::int64_t rows : {4, 2, 2}) {
    const std::size_t end = begin + static_cast<std::size_t>(rows * 4);
    const auto part = orthogonal(
        {gradient.begin() + static_cast<std::ptrdiff_t>(begin), gradient.begin() + static_cast<std::ptrdiff_t>(end)},
        rows, 4);
    for (std::size_t i = begin; i < end; ++i) {
      EXPECT_NEAR(moved[i], -part[i - begin], kTolerance) << i;
    }
    begin = end;
  }
}

TEST(Muon, KnowsWhatIsStacked) {
  EXPECT_THAT(stacked_rows("blocks.3.attention.qkv.weight", {576, 192}), ElementsAre(192, 192, 192));
  EXPECT_THAT(stacked_rows("blocks.3.attention.qkv.weight", {320, 192}), ElementsAre(192, 64, 64));
  EXPECT_THAT(stacked_rows("blocks.3.attention.output.weight", {192, 192}), ElementsAre(192));
  EXPECT_THAT(stacked_rows("blocks.3.mlp.up.weight", {512, 192}), ElementsAre(512));
}

TEST(Muon, AZeroGradientOnlyDecays) {
  LooseParameters model({{"w", {1, 2}}});
  model[0].set_value(Tensor::from<float>({2.0F, 4.0F}, {1, 2}));
  model[0].value().set_grad(Tensor::zeros({1, 2}));
  Muon(model.parameters(), {.learning_rate = 0.5, .momentum = 0.9, .weight_decay = 0.5}).step({});
  EXPECT_THAT(model[0].value().to_vector(), ElementsAre(1.5F, 3.0F));
}

TEST(Muon, RefusesVectors) {
  LooseParameters model({{"blocks.0.norm.gain", {4}}});
  try {
    Muon(model.parameters(), {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[muon] expected a matrix, got \"blocks.0.norm.gain\" of shape (4)");
  }
}

}  // namespace
}  // namespace octet::muon_test
