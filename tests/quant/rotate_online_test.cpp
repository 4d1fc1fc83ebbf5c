#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "nn/files/quantized_file.h"
#include "nn/observe.h"
#include "quant/apply_recipe.h"
#include "quant/transforms/rotate.h"
#include "quant/transforms/scalable_input.h"
#include "quant/transforms/transform.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/error_of.h"
#include "tests/support/relative_error.h"
#include "tests/support/temporary_folder.h"

namespace octet::rotate_online_test {
namespace {

using testing::HasSubstr;

constexpr RotateConfig kDown = {.folded = false, .down = true};
constexpr RotateConfig kKeys = {.folded = false, .keys = true};
constexpr RotateConfig kBoth = {.folded = false, .down = true, .keys = true};

// Measured at most 1e-6 of the largest logit.
constexpr double kSameFunction = 1e-5;

TEST(RotateOnline, LeavesTheFunctionAsItIs) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const Tensor expected = logits_of(model);
    for (const RotateConfig& rotate : {kDown, kKeys, kBoth}) {
      const auto rotated = rotated_online(model, rotate);
      EXPECT_LT(relative_error(logits_of(*rotated), expected), kSameFunction);
      EXPECT_NE(values_of(*rotated), values_of(model));
      EXPECT_EQ(rotated->config().tied_head, config.tied_head);
      EXPECT_EQ(rotated->config().rotations.heads,
                rotate.keys && (config.architecture == Architecture::llama || config.qk_norm));
    }
  }
}

/// Logits (1, T, V) of one token after the other.
Tensor decoded(Gpt& model, const Tensor& ids, KvFormat format) {
  const NoGrad no_grad;
  KvCache cache(model.config(), 1, format);
  std::vector<float> all;
  for (std::int64_t t = 0; t < ids.dim(1); ++t) {
    const Tensor id = Tensor::from<std::int32_t>({ids.span<std::int32_t>()[static_cast<std::size_t>(t)]}, {1, 1});
    const std::vector<float> logits = model.forward(id, {.cache = &cache}).to_vector();
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return Tensor::from(all, {1, ids.dim(1), model.config().vocabulary});
}

TEST(RotateOnline, DecodesAsItReads) {
  for (const GptConfig& config : {tiny_llama(), tiny_gpt2()}) {
    Gpt model(config);
    fill_randomly(model, 1);
    const auto rotated = rotated_online(model, kBoth);
    const Tensor ids = random_ids(1, config.context, config.vocabulary, 4);
    const NoGrad no_grad;
    EXPECT_LT(relative_error(decoded(*rotated, ids, KvFormat::f32), model.forward(ids)), kSameFunction);
  }
}

/// The largest magnitude over the root of the mean square of what the layer reads.
double peak_of(Gpt& model, const std::string& layer) {
  double largest = 0, square = 0, count = 0;
  observe_inputs(model, transform_batches(model.config()), [&](const std::string& path, const Tensor& x) {
    for (std::int64_t i = 0; path == layer && i < x.elements(); ++i) {
      const double value = static_cast<double>(x.data<float>()[i]);
      largest = std::max(largest, std::fabs(value));
      square += value * value;
      ++count;
    }
  });
  return largest / std::sqrt(square / count);
}

/// Multiplies rows of a weight, which make some channels of what follows.
void enlarge(Gpt& model, const std::string& weight, const std::vector<std::int64_t>& rows, float factor) {
  const Tensor w = NamedTensors(model).at(weight);
  for (const std::int64_t row : rows) {
    for (std::int64_t c = 0; c < w.dim(1); ++c) {
      w.data<float>()[row * w.dim(1) + c] *= factor;
    }
  }
}

TEST(RotateOnline, FlattensWhatTheDownProjectionReads) {
  Gpt model(wider(tiny_llama()));
  fill_randomly(model, 1, 0.05F);
  enlarge(model, "blocks.1.mlp.up.weight", {5}, 40.0F);
  const auto rotated = rotated_online(model, kDown);
  EXPECT_GT(peak_of(model, "blocks.1.mlp.down"), 15);    // measured 32
  EXPECT_LT(peak_of(*rotated, "blocks.1.mlp.down"), 5);  // measured 3.8
}

// A pair of channels that is large in all keys, and as small in all queries, makes the steps of the others coarse.
TEST(RotateOnline, AnInt8CacheOfRotatedKeysLosesLess) {
  Gpt model(wider(tiny_llama()));
  fill_randomly(model, 1, 0.2F);
  const std::string qkv = "blocks.1.attention.qkv.weight";  // 4 heads of queries, 2 of keys, of 16 values
  enlarge(model, qkv, {3, 11, 19, 27, 35, 43, 51, 59}, 1.0F / 60.0F);
  enlarge(model, qkv, {64 + 3, 64 + 11, 64 + 19, 64 + 27}, 60.0F);
  const auto rotated = rotated_online(model, kKeys);
  const Tensor ids = random_ids(1, model.config().context, model.config().vocabulary, 4);
  const auto error_of = [&](Gpt& any) {
    return relative_error(decoded(any, ids, KvFormat::int8), decoded(any, ids, KvFormat::f32));
  };
  EXPECT_LT(error_of(*rotated), 0.25 * error_of(model));  // measured: 0.12 of it
}

TEST(RotateOnline, IsARecipeWhoseModelSurvivesItsFile) {
  const Recipe recipe = parse_config<Recipe>(
      "name: r\nbits: 8\nactivations: dynamic\ntransforms: [rotate]\nrotate: {folded: false, down: true, keys: true}",
      "r");
  EXPECT_EQ(recipe.describe(), "int8 per_channel, dynamic int8 activations; transforms: rotate (down and keys online)");
  GptConfig config = wider(tiny_llama());
  config.tied_head = true;
  Gpt model(config);
  fill_randomly(model, 1);
  const auto easier = transformed(model, recipe);
  apply_recipe(*easier, recipe);
  EXPECT_TRUE(easier->config().tied_head);
  EXPECT_LT(relative_error(logits_of(*easier), logits_of(model)), 0.15);  // measured 0.07
  const sample::TemporaryFolder folder;
  save_any_model(folder.path() / "m", *easier, "{}");
  const auto loaded = load_any_model(folder.path() / "m");
  EXPECT_TRUE(loaded->config().rotations.down && loaded->config().rotations.heads);
  EXPECT_EQ(logits_of(*loaded).to_vector(), logits_of(*easier).to_vector());
}

TEST(RotateOnline, AllRotationsTogetherLeaveTheFunctionAsItIs) {
  const Recipe recipe =
      parse_config<Recipe>("transforms: [smooth, rotate, awq]\nbits: 4\nrotate: {down: true, keys: true}", "r");
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const auto easier = transformed(model, recipe, calibrated);
    EXPECT_LT(relative_error(logits_of(*easier), logits_of(model)), kSameFunction);
    for (const ScalableInput& input : scalable_inputs(*easier)) {
      EXPECT_NE(input.layers.front(), "blocks.0.mlp.down") << "its channels are mixed";
    }
  }
}

TEST(RotateOnline, RefusesWhatItCannotRotate) {
  GptConfig config = tiny_llama();
  config.hidden = 52;
  Gpt model(config);
  fill_randomly(model, 1);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { rotated_online(model, kDown); }),
              HasSubstr("rotate: the hidden width of the model: [hadamard] expected a width of 2^k"));
  const auto rotated = rotated_online(model, kKeys);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { rotated_online(*rotated, kKeys); }),
              HasSubstr("expected a model that rotates nothing while it runs"));
  config.rotations.down = true;
  EXPECT_THAT(error_of(ErrorKind::config, [&] { Gpt{config}; }), HasSubstr("rotations.down"));
  EXPECT_THAT(
      error_of(ErrorKind::config, [] { parse_config<Recipe>("transforms: [rotate]\nrotate: {folded: false}", "r"); }),
      HasSubstr("rotate: expected one of folded, down and keys, got none"));
}

}  // namespace
}  // namespace octet::rotate_online_test
