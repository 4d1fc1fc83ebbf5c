#include "eval/outliers/layer_outliers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/score/window_batches.h"
#include "nn/observe.h"
#include "tests/eval/tiny_models.h"

namespace octet::layer_outliers_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const std::vector<OutlierStats>& stats) {
  std::vector<std::string> names;
  for (const OutlierStats& layer : stats) {
    names.push_back(layer.layer);
  }
  return names;
}

TEST(ObserveInputs, ShowsEveryLayerOfBothArchitecturesInOrder) {
  Gpt llama(tiny_config(Architecture::llama));
  Gpt gpt2(tiny_config(Architecture::gpt2));
  initialize(llama, 1);
  initialize(gpt2, 1);
  const auto windows = tiny_windows(2, 8);
  EXPECT_THAT(names(activation_outliers(llama, windows)),
              ElementsAre("blocks.0.attention.qkv", "blocks.0.attention.output", "blocks.0.mlp.gate", "blocks.0.mlp.up",
                          "blocks.0.mlp.down", "blocks.1.attention.qkv", "blocks.1.attention.output",
                          "blocks.1.mlp.gate", "blocks.1.mlp.up", "blocks.1.mlp.down", "embedding"));
  EXPECT_THAT(names(activation_outliers(gpt2, windows)),
              ElementsAre("blocks.0.attention.qkv", "blocks.0.attention.output", "blocks.0.mlp.up", "blocks.0.mlp.down",
                          "blocks.1.attention.qkv", "blocks.1.attention.output", "blocks.1.mlp.up", "blocks.1.mlp.down",
                          "embedding"));
}

TEST(ObserveInputs, PutsEarlierObserversBackEvenAfterAnError) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 1);
  int calls = 0;
  model.embedding->observer = [&](const Tensor&) { ++calls; };
  const auto windows = tiny_windows(1, 8);
  EXPECT_THROW(observe_inputs(model, input_batches(windows, 64),
                              [](const std::string&, const Tensor&) { check(false, "stop"); }),
               Error);
  model.forward(Tensor::zeros({1, 3}, DType::i32));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE((*model.blocks)[0].attention->qkv->observer);
}

TEST(ActivationOutliers, AreThoseOfAllInputsTogether) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  const auto windows = tiny_windows(5, 8);
  const std::string layer = "blocks.1.mlp.down";
  const Tensor inputs = layer_inputs(model, windows, layer, 1000);
  ASSERT_EQ(inputs.shape(), Shape({5 * 8, 20}));
  const OutlierOptions options{.threshold = 1.5};
  // One window at a time, as layer_inputs does: products of other sizes may round differently.
  const OutlierStats expected = matrix_outliers(layer, inputs, options);
  for (const OutlierStats& stats : activation_outliers(model, windows, options, 1)) {
    if (stats.layer == layer) {
      EXPECT_GT(stats.beyond_sigma, 0);
      EXPECT_EQ(stats.beyond_sigma, expected.beyond_sigma);
      EXPECT_EQ(stats.channel_max, expected.channel_max);
      EXPECT_EQ(stats.moments.count, 40 * 20);
    }
  }
}

TEST(WeightOutliers, FindsTheMatrixWithAPlantedValue) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  auto* qkv = dynamic_cast<Linear*>(&*(*model.blocks)[1].attention->qkv);
  qkv->weight.value().data<float>()[5 * 12 + 7] = 3.0F;
  int found = 0;
  for (const OutlierStats& stats : weight_outliers(model)) {
    if (stats.layer == "blocks.1.attention.qkv.weight") {
      ++found;
      EXPECT_EQ(stats.beyond_sigma, 1);
      EXPECT_EQ(stats.channel_max[7], 3.0F);
    } else {
      EXPECT_EQ(stats.beyond_sigma, 0) << stats.layer;
    }
  }
  EXPECT_EQ(found, 1);
}

TEST(LayerInputs, StopsAtTheRowsAskedForAndNamesAnUnknownLayer) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 1);
  const auto windows = tiny_windows(3, 8);
  EXPECT_EQ(layer_inputs(model, windows, "blocks.0.mlp.up", 11).shape(), Shape({11, 12}));
  try {
    layer_inputs(model, windows, "blocks.9.mlp.up", 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("blocks.9.mlp.up"));
  }
}

}  // namespace
}  // namespace octet::layer_outliers_test
