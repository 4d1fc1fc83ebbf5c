#include "eval/experiments/attribution.h"

#include <cmath>

#include <gtest/gtest.h>

#include "eval/experiments/loss_slopes.h"
#include "eval/score/window_batches.h"
#include "nn/layers/quantized_layer.h"
#include "quant/apply_recipe.h"
#include "quant/text_loss.h"
#include "tests/eval/tiny_models.h"

namespace octet::attribution_test {
namespace {

struct Pair {
  std::unique_ptr<Gpt> fp32, quantized;
};

Pair make_pair(const Recipe& recipe) {
  Pair pair;
  for (auto* model : {&pair.fp32, &pair.quantized}) {
    *model = std::make_unique<Gpt>(tiny_config(Architecture::llama));
    fill_randomly(**model, 3);
  }
  apply_recipe(*pair.quantized, recipe);
  return pair;
}

std::vector<Tensor> batches() {
  return input_batches(tiny_windows(6, 12), 64);
}

Recipe int3(std::vector<std::string> keep_fp32 = {}) {
  Recipe recipe;
  recipe.weights.bits = 3;
  recipe.activations = Activations::dynamic;
  recipe.keep_fp32 = std::move(keep_fp32);
  return recipe;
}

TEST(Attribution, OfASingleLayerIsTheWholeLoss) {
  const Pair pair = make_pair(int3({"embedding", "blocks.0.*", "*.attention.*", "*.gate", "*.up"}));
  const Attribution found = attribute_loss(*pair.fp32, *pair.quantized, batches(), no_progress());
  ASSERT_EQ(found.layers.size(), 1U);
  EXPECT_EQ(found.layers[0].layer, "blocks.1.mlp.down");
  EXPECT_NE(found.total, 0.0);
  EXPECT_EQ(found.layers[0].alone, found.total);
  EXPECT_EQ(found.layers[0].last, found.total);
  EXPECT_EQ(found.remainder, 0.0);
  EXPECT_NE(found.layers[0].weights, found.total) << "inputs are rounded too";
  EXPECT_EQ(found.tokens, 6 * 11);
}

TEST(Attribution, OfRoundedWeightsAloneHasNoOtherPart) {
  Recipe recipe = int3();
  recipe.activations = Activations::weight_only;
  const Pair pair = make_pair(recipe);
  const Attribution found = attribute_loss(*pair.fp32, *pair.quantized, batches(), no_progress());
  ASSERT_EQ(found.layers.size(), 1U + 2 * 5);  // the embedding, and five in each block
  double sum = 0;
  for (const LayerCost& layer : found.layers) {
    EXPECT_EQ(layer.weights, layer.alone) << layer.layer;
    EXPECT_EQ(layer.inputs, 0.0) << layer.layer;
    EXPECT_EQ(layer.cross(), 0.0) << layer.layer;
    sum += layer.alone;
  }
  EXPECT_NEAR(found.remainder, found.total - sum, 1e-12);
}

TEST(Attribution, LeavesBothModelsAsTheyWere) {
  const Pair pair = make_pair(int3());
  const double fp32 = text_loss(*pair.fp32, batches()), quantized = text_loss(*pair.quantized, batches());
  const Attribution found = attribute_loss(*pair.fp32, *pair.quantized, batches(), no_progress());
  EXPECT_EQ(text_loss(*pair.fp32, batches()), fp32);
  EXPECT_EQ(text_loss(*pair.quantized, batches()), quantized);
  EXPECT_DOUBLE_EQ(found.total, quantized - fp32);
}

/// Inputs of one layer rounded by the wrapper are those that the quantized layer multiplies: with weights that int8
/// holds exactly, rounding both is rounding the inputs.
TEST(Attribution, RoundedInputsAreThoseOfTheQuantizedLayer) {
  Recipe recipe = int3({"embedding", "blocks.0.*", "*.attention.*", "*.gate", "*.up"});
  recipe.weights.bits = 8;
  Pair pair = make_pair(recipe);
  const QuantizedMatrix* matrix = nullptr;
  pair.quantized->for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path == "blocks.1.mlp.down") matrix = quantized_matrix_of(slot.module());
  });
  ASSERT_NE(matrix, nullptr);
  pair.fp32->for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path != "blocks.1.mlp.down") return;
    const Tensor restored = dequantize(matrix->weight());
    Tensor weight = dynamic_cast<Linear&>(slot.module()).weight.value();
    std::copy_n(restored.data<float>(), restored.elements(), weight.data<float>());
  });
  const Attribution found = attribute_loss(*pair.fp32, *pair.quantized, batches(), no_progress());
  ASSERT_EQ(found.layers.size(), 1U);
  constexpr double kBound = 1e-6;  // nats; products of several kernels
  EXPECT_NEAR(found.layers[0].weights, 0.0, kBound) << "nothing is rounded";
  EXPECT_GT(std::abs(found.layers[0].inputs), kBound);
  EXPECT_NEAR(found.layers[0].cross(), 0.0, kBound);
}

/// Where the change is small, first order is all there is.
TEST(Attribution, SlopesPredictASmallChange) {
  const Pair pair = make_pair(int3());
  const LossSlopes slopes(*pair.fp32, batches());
  const double before = text_loss(*pair.fp32, batches());
  pair.fp32->for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (path != "blocks.0.mlp.up") return;
    Tensor weight = dynamic_cast<Linear&>(slot.module()).weight.value();
    const Tensor original = weight.clone();
    const Random random(9, 0);
    for (std::int64_t i = 0; i < weight.elements(); ++i) {
      weight.data<float>()[i] += 1e-3F * random.normal(static_cast<std::uint64_t>(i));
    }
    const double predicted = slopes.predicted(path, original, weight), after = text_loss(*pair.fp32, batches());
    EXPECT_NEAR(predicted, after - before, 0.1 * std::abs(after - before)) << "changes of 0.3 % of the weights";
  });
  EXPECT_TRUE(std::isnan(slopes.predicted("nowhere", Tensor::zeros({1, 1}), Tensor::zeros({1, 1}))));
}

}  // namespace
}  // namespace octet::attribution_test
