#include "eval/outliers/inject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/outliers/layer_outliers.h"
#include "tests/eval/tiny_models.h"

namespace octet {
namespace {

using testing::HasSubstr;

const OutlierInjection kTwoChannels{.channels = {2, 9}, .layers = {}, .exponent = 9};

Tensor ids() {
  return Tensor::from(std::vector<std::int32_t>{3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, {2, 5});
}

/// Random weights with biases and gains that are not trivial either.
void randomize(Gpt& model) {
  initialize(model, 4);
  float step = 0;
  for (const auto& [path, parameter] : model.parameters()) {
    if (parameter->value().rank() == 1) {
      for (float& value : parameter->value().span<float>()) {
        value += 0.001F * (step += 1.0F);
      }
    }
  }
}

class InjectOutliers : public testing::TestWithParam<Architecture> {};
INSTANTIATE_TEST_SUITE_P(Architectures, InjectOutliers, testing::Values(Architecture::llama, Architecture::gpt2));

TEST_P(InjectOutliers, KeepsTheLogitsBitIdentical) {
  for (const std::int64_t exponent : {1, 3, 9, 15}) {
    Gpt model(tiny_config(GetParam()));
    randomize(model);
    const std::vector<float> before = model.forward(ids()).to_vector();
    OutlierInjection injection = kTwoChannels;
    injection.exponent = exponent;
    inject_outliers(model, injection);
    EXPECT_EQ(model.forward(ids()).to_vector(), before) << "2^" << exponent;
  }
}

TEST_P(InjectOutliers, MakesTheChannelsOutliers) {
  Gpt model(tiny_config(GetParam()));
  randomize(model);
  const auto windows = tiny_windows(4, 8);
  const auto before = activation_outliers(model, windows);
  inject_outliers(model, kTwoChannels);
  const auto after = activation_outliers(model, windows);
  for (std::size_t layer = 0; layer < after.size(); ++layer) {
    const bool planted = after[layer].layer.ends_with("qkv") || after[layer].layer.ends_with("up") ||
                         after[layer].layer.ends_with("gate");
    for (std::size_t c = 0; c < after[layer].channel_max.size(); ++c) {
      const float factor = planted && (c == 2 || c == 9) ? 512.0F : 1.0F;
      EXPECT_EQ(after[layer].channel_max[c], factor * before[layer].channel_max[c]) << after[layer].layer << " " << c;
    }
  }
}

TEST(InjectOutliersErrors, LeaveTheModelAsItWas) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 4);
  auto& mlp = dynamic_cast<SwigluMlp&>(*(*model.blocks)[1].mlp);
  dynamic_cast<Linear&>(*mlp.up).weight.value().data<float>()[2] = 1e-37F;  // 2^-9 of it is denormal
  const std::vector<float> before = model.forward(ids()).to_vector();
  try {
    inject_outliers(model, kTwoChannels);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr("blocks.1.mlp.up.weight"));
  }
  EXPECT_EQ(model.forward(ids()).to_vector(), before);
}

TEST(InjectOutliersErrors, NameTheBounds) {
  Gpt model(tiny_config(Architecture::llama));
  EXPECT_THROW(inject_outliers(model, {.channels = {12}}), Error);
  EXPECT_THROW(inject_outliers(model, {.channels = {-1}}), Error);
  try {
    inject_outliers(model, {.channels = {0}, .layers = {2}});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("layers from 0 to 1, got 2"));
  }
}

}  // namespace
}  // namespace octet
