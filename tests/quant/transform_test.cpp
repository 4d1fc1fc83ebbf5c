#include "quant/transforms/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/files/quantized_file.h"
#include "quant/apply_recipe.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/error_of.h"
#include "tests/support/relative_error.h"
#include "tests/support/temporary_folder.h"

namespace octet::transform_test {
namespace {

using testing::HasSubstr;

Recipe recipe_with(const std::vector<TransformKind>& transforms) {
  Recipe recipe;
  recipe.weights = {.bits = 4, .granularity = Granularity::per_group, .group = 8};
  recipe.transforms = transforms;
  return recipe;
}

const std::vector<TransformKind> kChains[] = {
    {},
    {TransformKind::smooth},
    {TransformKind::rotate},
    {TransformKind::awq},
    {TransformKind::rotate, TransformKind::smooth, TransformKind::awq},
    {TransformKind::awq, TransformKind::smooth, TransformKind::rotate},
};

// Measured at most 2.0e-6 of the largest logit.
constexpr double kSameFunction = 1e-5;

TEST(Transformed, IsACopyThatComputesTheSame) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const std::vector<float> before = values_of(model);
    const Tensor expected = logits_of(model);
    for (const auto& chain : kChains) {
      const auto copy = transformed(model, recipe_with(chain), calibrated);
      EXPECT_LT(relative_error(logits_of(*copy), expected), kSameFunction) << recipe_with(chain).describe();
      EXPECT_EQ(values_of(*copy) == before, chain.empty());
    }
    EXPECT_EQ(values_of(model), before);
    EXPECT_EQ(model.config().tied_head, config.tied_head);
  }
}

TEST(Transformed, SearchesForAlphaWhereAsked) {
  Gpt model(tiny_llama());
  fill_randomly(model, 1);
  Recipe recipe = recipe_with({TransformKind::smooth});
  recipe.activations = Activations::static_scale;
  const auto given = transformed(model, recipe, calibrated);
  recipe.smooth.search = true;
  const auto searched = transformed(model, recipe, calibrated);
  EXPECT_NE(values_of(*given), values_of(*searched));
  EXPECT_LT(relative_error(logits_of(*searched), logits_of(model)), kSameFunction);
}

TEST(Transformed, UntiesTheHeadForARotationAlone) {
  Gpt model(tiny_gpt2());
  fill_randomly(model, 1);
  EXPECT_TRUE(transformed(model, recipe_with({TransformKind::smooth}), calibrated)->config().tied_head);
  const auto rotated = transformed(model, recipe_with({TransformKind::rotate}));
  EXPECT_FALSE(rotated->config().tied_head);
  EXPECT_EQ(rotated->parameter_count(), model.parameter_count() + 23 * 12);
}

TEST(Transformed, IsQuantizedAndLoadedLikeAnyOtherModel) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    for (const auto& chain : kChains) {
      Recipe recipe = recipe_with(chain);
      recipe.activations = Activations::static_scale;
      const auto copy = transformed(model, recipe, calibrated);
      apply_recipe(*copy, recipe, calibrated(*copy));
      const sample::TemporaryFolder folder;
      save_any_model(folder.path() / "m", *copy);
      EXPECT_EQ(logits_of(*load_any_model(folder.path() / "m")).to_vector(), logits_of(*copy).to_vector());
    }
  }
}

TEST(Transformed, RefusesAModelThatIsQuantized) {
  Gpt model(tiny_llama());
  fill_randomly(model, 1);
  apply_recipe(model, Recipe{});
  EXPECT_EQ(error_of(ErrorKind::config, [&] { transformed(model, recipe_with({TransformKind::rotate})); }),
            "[transform] expected a model in FP32, got one whose layer \"embedding\" is quantized");
}

TEST(Transformed, SaysWhichTransformWantsCalibration) {
  Gpt model(tiny_llama());
  fill_randomly(model, 1);
  Recipe rotated = recipe_with({TransformKind::rotate});
  EXPECT_TRUE(rotates(rotated));
  EXPECT_FALSE(reads_text(rotated));
  rotated.activations = Activations::static_scale;
  EXPECT_TRUE(reads_text(rotated)) << "not for its transforms";
  for (const TransformKind kind : {TransformKind::smooth, TransformKind::awq}) {
    EXPECT_TRUE(reads_text(recipe_with({kind})));
    EXPECT_FALSE(rotates(recipe_with({kind})));
    EXPECT_EQ(error_of(ErrorKind::config, [&] { transformed(model, recipe_with({kind})); }),
              fmt::format("recipe \"recipe\": transforms: {} expects calibrated inputs, got none", enum_name(kind)));
  }
}

}  // namespace
}  // namespace octet::transform_test
