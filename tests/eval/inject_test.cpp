#include "eval/outliers/inject.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/outliers/layer_outliers.h"
#include "tests/eval/tiny_models.h"

namespace octet::inject_test {
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

/// Grouped heads, each place by itself and all together: what gives and what reads must be the same channels.
TEST(InjectOutliersPlaces, KeepTheLogitsBitIdentical) {
  using enum OutlierPlace;
  const std::vector<std::vector<OutlierPlace>> llama = {{values}, {keys}, {hidden}, {norms, values, keys, hidden}};
  for (const std::vector<OutlierPlace>& places : llama) {
    Gpt model(tiny_llama());
    fill_randomly(model, 5);
    const std::vector<float> before = model.forward(ids()).to_vector();
    inject_outliers(model, {.channels = {1, 6}, .layers = {}, .places = places, .exponent = 9});
    EXPECT_EQ(model.forward(ids()).to_vector(), before) << enum_name(places.front()) << ", " << places.size();
  }
  for (const OutlierPlace place : {values, keys}) {
    Gpt model(tiny_config(Architecture::gpt2));
    randomize(model);
    const std::vector<float> before = model.forward(ids()).to_vector();
    inject_outliers(model, {.channels = {1, 6}, .layers = {}, .places = {place}, .exponent = 9});
    EXPECT_EQ(model.forward(ids()).to_vector(), before) << enum_name(place);
  }
}

/// A gate reads the norm too; a norm of queries and keys passes no factor on.
TEST(InjectOutliersPlaces, KnowGatesAndNormedKeys) {
  using enum OutlierPlace;
  Gpt model(with_head_options(tiny_llama()));
  fill_randomly(model, 5);
  const std::vector<float> before = model.forward(ids()).to_vector();
  inject_outliers(model, {.channels = {1, 6}, .layers = {}, .places = {norms, values, hidden}, .exponent = 9});
  EXPECT_EQ(model.forward(ids()).to_vector(), before);
  EXPECT_THAT([&] { inject_outliers(model, {.channels = {1}, .layers = {}, .places = {keys}, .exponent = 9}); },
              testing::ThrowsMessage<Error>(HasSubstr("expected a model without qk_norm for keys")));
}

/// By layer, the channels of its inputs that grew, all of them 2^9 times.
std::map<std::string, std::vector<std::size_t>> grown_channels(OutlierPlace place) {
  Gpt model(tiny_llama());
  fill_randomly(model, 5);
  const auto windows = tiny_windows(4, 8);
  const auto before = activation_outliers(model, windows);
  inject_outliers(model, {.channels = {6}, .layers = {1}, .places = {place}, .exponent = 9});
  const auto after = activation_outliers(model, windows);
  std::map<std::string, std::vector<std::size_t>> grown;
  for (std::size_t layer = 0; layer < after.size(); ++layer) {
    for (std::size_t c = 0; c < after[layer].channel_max.size(); ++c) {
      const float was = before[layer].channel_max[c], is = after[layer].channel_max[c];
      if (is == was) continue;
      EXPECT_EQ(is, 512.0F * was) << after[layer].layer << " " << c;
      grown[after[layer].layer].push_back(c);
    }
  }
  return grown;
}

TEST(InjectOutliersPlaces, GrowWhatTheyName) {
  using Grown = std::map<std::string, std::vector<std::size_t>>;
  // 4 query heads of size 4 share 2 of keys and values: channel 6 is number 2 of the second, which heads 2 and 3 read.
  EXPECT_EQ(grown_channels(OutlierPlace::values), (Grown{{"blocks.1.attention.output", {10, 14}}}));
  EXPECT_EQ(grown_channels(OutlierPlace::hidden), (Grown{{"blocks.1.mlp.down", {6}}}));
  EXPECT_EQ(grown_channels(OutlierPlace::keys), Grown()) << "no layer reads keys";
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

TEST(InjectOutliersErrors, NoFactorPassesAGelu) {
  Gpt model(tiny_config(Architecture::gpt2));
  try {
    inject_outliers(model, {.channels = {0}, .layers = {}, .places = {OutlierPlace::hidden}});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("blocks.0.mlp: expected a SwigluMlp"));
  }
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
}  // namespace octet::inject_test
