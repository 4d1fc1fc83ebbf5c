#include <limits>
#include <nlohmann/json.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
// After gtest, which it does not include itself.
#include <rapidcheck/gtest.h>

#include "base/config/config.h"
#include "nn/files/quantized_file.h"
#include "quant/apply_recipe.h"
#include "quant/transforms/transform.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/temporary_folder.h"

namespace octet::recipe_property_test {
namespace {

/// Bounds of every number, values between them, and those that a float cannot hold.
Recipe any_recipe() {
  Recipe recipe;
  recipe.name = *rc::gen::element<std::string>("a", "my int4", "\u56db\\\"", "1.5");
  recipe.weights.format =
      *rc::gen::element(WeightFormat::automatic, WeightFormat::int8, WeightFormat::int4, WeightFormat::nf4,
                        WeightFormat::table4, WeightFormat::mxfp4, WeightFormat::nvfp4, WeightFormat::entropy,
                        WeightFormat::trellis, WeightFormat::fp8, WeightFormat::fp16);
  recipe.weights.bits = *rc::gen::inRange(2, recipe.weights.format == WeightFormat::int4 ? 5 : 9);
  recipe.weights.granularity =
      *rc::gen::element(Granularity::per_tensor, Granularity::per_channel, Granularity::per_group);
  recipe.weights.group =
      *rc::gen::element<std::int64_t>(1, 3, 16, 32, 1'000'000, 1 << 20, std::numeric_limits<std::int64_t>::max());
  recipe.weights.symmetric = recipe.weights.stored_format() != WeightFormat::int4 || *rc::gen::arbitrary<bool>();
  recipe.weights.double_quantized = recipe.weights.format == WeightFormat::nf4 && *rc::gen::arbitrary<bool>();
  recipe.weights.fitted_levels = recipe.weights.format == WeightFormat::table4 && *rc::gen::arbitrary<bool>();
  recipe.activations = *rc::gen::element(Activations::weight_only, Activations::dynamic, Activations::outlier_split);
  if (recipe.activations == Activations::outlier_split) {
    recipe.threshold = *rc::gen::element(0.0, 1e-300, 0.1, 6.0, 6.000000001, 1e30, 1e39, 1e300);
  }
  if (*rc::gen::arbitrary<bool>()) {
    LayerScheme down{recipe.weights, *rc::gen::element<std::string>("*.down", "blocks.0.*", "embedding")};
    down.bits = 4;
    recipe.layers.push_back(down);
  }
  for (const TransformKind kind : {TransformKind::rotate, TransformKind::smooth, TransformKind::awq}) {
    if (*rc::gen::arbitrary<bool>()) {
      recipe.transforms.push_back(kind);
    }
  }
  return recipe;
}

RC_GTEST_PROP(RecipeProperty, WhatValidatesCanBeSavedAndLoaded, ()) {
  Recipe recipe = any_recipe();
  try {
    override_and_check(recipe, "recipe");
  } catch (const Error&) {
    RC_DISCARD("not a valid recipe");
  }
  const std::string json = to_json(recipe).dump();
  RC_ASSERT(differences(from_json<Recipe>(nlohmann::json::parse(json), "r"), recipe) == std::vector<std::string>{});
  RC_ASSERT(differences(parse_config<Recipe>(to_yaml(recipe), "r"), recipe) == std::vector<std::string>{});
  const sample::TemporaryFolder folder;
  Gpt original(tiny_llama());
  const auto model = transformed(original, recipe, calibrated);
  apply_recipe(*model, recipe);
  save_any_model(folder.path() / "m", *model, json);
  RC_ASSERT(read_recipe_json(folder.path() / "m") == json);
  load_any_model(folder.path() / "m");
}

}  // namespace
}  // namespace octet::recipe_property_test
