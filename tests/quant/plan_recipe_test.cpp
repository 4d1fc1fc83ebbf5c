#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "quant/apply_recipe.h"
#include "tests/support/error_of.h"
#include "tests/support/tiny_gpt.h"

namespace octet::plan_recipe_test {
namespace {

/// Inputs of every layer, so that static activations find a scale, and some text.
Calibration some_calibration(Gpt& model) {
  Calibration calibration;
  for (const std::string& path : parameter_paths(model)) {
    if (path.ends_with(".weight")) {
      calibration.layers[path.substr(0, path.size() - 7)].range.add(std::vector<float>{0.5F, -2.0F});
    }
  }
  calibration.batches = {random_ids(2, 9, model.config().vocabulary, 3)};
  return calibration;
}

/// The plan has every row that the recipe leaves, with its size to the byte.
void expect_plan_comes_true(const GptConfig& config, const Recipe& recipe) {
  SCOPED_TRACE(recipe.name);
  Gpt model(config);
  const Coverage plan = plan_recipe(model, recipe);
  fill_randomly(model, 2);
  const Coverage real = apply_recipe(model, recipe, some_calibration(model));
  ASSERT_EQ(plan.rows.size(), real.rows.size());
  for (std::size_t i = 0; i < real.rows.size(); ++i) {
    const CoverageRow &planned = plan.rows[i], &row = real.rows[i];
    SCOPED_TRACE(row.path);
    EXPECT_EQ(planned.path, row.path);
    EXPECT_EQ(planned.shape, row.shape);
    EXPECT_EQ(planned.scheme, row.scheme);
    if (row.scheme.starts_with("entropy")) {               // the most that it may take
      if (recipe.bit_allocation == BitAllocation::even) {  // else all of them together: see below
        EXPECT_LE(row.bytes, planned.bytes);
      }
      EXPECT_THAT(planned.reason, testing::HasSubstr("as many bytes as asked for"));
      continue;
    }
    if (planned.reason != row.reason) {  // a method may have found something to say
      EXPECT_THAT(row.reason, testing::AnyOf(testing::HasSubstr("damped by"), testing::HasSubstr("only looked up")));
    }
    EXPECT_EQ(planned.bytes, row.bytes);
    EXPECT_EQ(planned.bits_per_weight, row.bits_per_weight);
  }
  EXPECT_GE(plan.bytes(), real.bytes());
}

TEST(PlanRecipe, EveryRecipeOfTheFolderStoresWhatWasPlanned) {
  int recipes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OCTET_SOURCE_DIR "/configs/recipes")) {
    const auto recipe = read_config<Recipe>(entry.path().string());
    for (GptConfig config : {tiny_gpt2(), tiny_llama()}) {
      expect_plan_comes_true(config, recipe);
      config.width = 36;  // more than a group of 32, and no multiple of it
      config.heads = 3;
      config.kv_heads = 0;
      config.hidden = 71;
      expect_plan_comes_true(config, recipe);
    }
    ++recipes;
  }
  EXPECT_GE(recipes, 12);
}

TEST(PlanRecipe, ExceptionsAndAwkwardGroups) {
  const char* texts[] = {"bits: 3\ngranularity: per_group\ngroup: 5\nkeep_fp32: [blocks.0.*]\nkeep_fp16: [embedding]",
                         "bits: 4\ngranularity: per_tensor\nembedding: {format: fp32}",
                         "format: fp32",
                         "bits: 8\nactivations: static\nembedding: {bits: 2, granularity: per_group, group: 1}",
                         "format: nf4\ngranularity: per_group\ngroup: 1000",
                         "low_rank: 5\nkeep_fp16: [blocks.0.*]\nlayers: [{match: \"*.down\", bits: 3, low_rank: 2}]",
                         "format: trellis\nbits: 2\nlow_rank: 3"};
  for (const char* text : texts) {
    for (const GptConfig& config : {tiny_gpt2(), tiny_llama()}) {
      expect_plan_comes_true(config, parse_config<Recipe>(text, text));
    }
  }
}

TEST(PlanRecipe, LeavesTheModelAsItIs) {
  Gpt model(tiny_llama());
  fill_randomly(model, 2);
  const Tensor ids = random_ids(1, 4, model.config().vocabulary, 1);
  const Tensor before = model.forward(ids);
  plan_recipe(model, Recipe());
  const Tensor after = model.forward(ids);
  for (std::int64_t i = 0; i < before.elements(); ++i) {
    ASSERT_EQ(after.data<float>()[i], before.data<float>()[i]);
  }
  // Weights are not looked at.
  model.parameters().front().parameter->value().data<float>()[0] = NAN;
  EXPECT_GT(plan_recipe(model, Recipe()).bytes(), 0);
}

TEST(PlanRecipe, RefusesPatternsThatMatchNothing) {
  Gpt model(tiny_gpt2());
  Recipe recipe;
  recipe.keep_fp32 = {"nothing.*"};
  EXPECT_THAT(error_of(ErrorKind::config, [&] { plan_recipe(model, recipe); }),
              testing::HasSubstr("the pattern \"nothing.*\" matches no layer"));
}

}  // namespace
}  // namespace octet::plan_recipe_test
