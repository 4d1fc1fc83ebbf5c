#include "quant/recipe.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "quant/glob.h"

namespace octet::recipe_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Glob, MatchesStarsAndQuestionMarks) {
  EXPECT_TRUE(glob_match("embedding", "embedding"));
  EXPECT_FALSE(glob_match("embedding", "embeddings"));
  EXPECT_TRUE(glob_match("blocks.*.qkv", "blocks.0.attention.qkv"));
  EXPECT_TRUE(glob_match("blocks.?.*", "blocks.3.mlp.up"));
  EXPECT_FALSE(glob_match("blocks.?.*", "blocks.13.mlp.up"));
  EXPECT_TRUE(glob_match("*a*b*c*", "xxaybzbcc"));
  EXPECT_FALSE(glob_match("*a*b*c", "abcab"));
  EXPECT_TRUE(glob_match("***", ""));
  EXPECT_FALSE(glob_match("?", ""));
}

TEST(Recipe, ReadsAndWritesYaml) {
  const Recipe recipe = parse_config<Recipe>(
      "name: mix\nbits: 3\ngranularity: per_group\ngroup: 48\nactivations: dynamic\n"
      "embedding: {bits: 8, granularity: per_channel}\nkeep_fp32: [\"blocks.0.*\"]\nkeep_fp16: [head]\n",
      "mix.yaml");
  EXPECT_EQ(recipe.weights.stored_format(), WeightFormat::int4);
  EXPECT_EQ(recipe.describe(),
            "int4 per_group 48 (3-bit codes), dynamic int8 activations; embedding int8 per_channel; fp32: blocks.0.*; "
            "fp16: head");
  EXPECT_TRUE(differences(recipe, parse_config<Recipe>(to_yaml(recipe), "again")).empty());
}

TEST(Recipe, LayersHaveSchemesOfTheirOwn) {
  const Recipe recipe = parse_config<Recipe>(
      "bits: 4\ngranularity: per_group\nembedding: {bits: 8}\nlayers:\n"
      "  - {match: \"*.mlp.down\", format: nf4, granularity: per_group, group: 64}\n"
      "  - {match: \"blocks.0.*\", bits: 8}\n",
      "mix.yaml");
  EXPECT_EQ(recipe.scheme_of("blocks.0.mlp.down").format, WeightFormat::nf4);  // the first that matches
  EXPECT_EQ(recipe.scheme_of("blocks.0.mlp.up").bits, 8);
  EXPECT_EQ(recipe.scheme_of("blocks.1.mlp.up").bits, 4);
  EXPECT_EQ(recipe.scheme_of("embedding").bits, 8);
  EXPECT_EQ(recipe.describe(),
            "int4 per_group 32, weight only; embedding int8 per_channel; *.mlp.down nf4 per_group 64; "
            "blocks.0.* int8 per_channel");
  EXPECT_TRUE(differences(recipe, parse_config<Recipe>(to_yaml(recipe), "again")).empty());
  EXPECT_FALSE(recipe.needs_inputs());
  EXPECT_TRUE(parse_config<Recipe>("layers: [{match: embedding, bits: 4, method: gptq}]", "r").needs_inputs());
}

TEST(Recipe, ALowRankCorrectionNeedsInputsAndIsNoPartOfRoundingToNearest) {
  const Recipe recipe = parse_config<Recipe>(
      "bits: 4\nlow_rank: 4\nlayers: [{match: \"*.down\", low_rank: 16}]\ncalibration: {windows: 8}", "r");
  EXPECT_EQ(recipe.describe(), "int4 per_channel + rank 4, weight only; *.down int8 per_channel + rank 16");
  EXPECT_TRUE(recipe.needs_calibration());
  const Recipe nearest = recipe.rounded_to_nearest();
  EXPECT_FALSE(nearest.needs_calibration());
  EXPECT_EQ(nearest.weights.chosen_method(), recipe.weights.chosen_method());
}

TEST(Recipe, NamesTheRuleOfStaticLimits) {
  const auto describe = [](const std::string& calibration) {
    return parse_config<Recipe>("activations: static\ncalibration: " + calibration, "r").describe();
  };
  EXPECT_EQ(describe("{windows: 8}"), "int8 per_channel, static int8 activations (absmax)");
  EXPECT_EQ(describe("{percentile: 99.5}"), "int8 per_channel, static int8 activations (99.5 % of them in range)");
  EXPECT_EQ(describe("{observer: kl}"), "int8 per_channel, static int8 activations (kl)");
}

TEST(Recipe, KnowsNf4AndMinimums) {
  const Recipe nf4 = parse_config<Recipe>("format: nf4\ngranularity: per_group\ngroup: 64\n", "nf4.yaml");
  EXPECT_EQ(nf4.describe(), "nf4 per_group 64, weight only");
  const Recipe twice =
      parse_config<Recipe>("format: nf4\ngranularity: per_group\ngroup: 64\ndouble_quantized: true\n", "twice.yaml");
  EXPECT_EQ(twice.describe(), "nf4 per_group 64 double quantized, weight only");
  const Recipe minimum =
      parse_config<Recipe>("bits: 3\ngranularity: per_group\nsymmetric: false\nactivations: dynamic\n", "min.yaml");
  EXPECT_EQ(minimum.describe(), "int4 per_group 32 (3-bit codes) with minimum, dynamic int8 activations");
  EXPECT_TRUE(differences(minimum, parse_config<Recipe>(to_yaml(minimum), "again")).empty());
}

TEST(Recipe, KnowsTheFormatsOf16Levels) {
  const auto parse = [](const std::string& yaml) { return parse_config<Recipe>(yaml, "r.yaml"); };
  const Recipe table4 = parse("format: table4\ngranularity: per_group\nactivations: dynamic\n");
  EXPECT_EQ(table4.describe(), "table4 per_group 32, dynamic int8 activations");
  EXPECT_TRUE(table4.weights.has_codes());
  EXPECT_FALSE(table4.weights.has_grid());
  EXPECT_EQ(parse("format: fp8\n").describe(), "fp8 per_channel, weight only");
  EXPECT_EQ(parse("format: trellis\nbits: 3\n").describe(), "trellis per_channel (3 bits), weight only");
  const Recipe trellis = parse("format: trellis\nbits: 2\nmethod: gptq\ntransforms: [rotate]\n");
  EXPECT_EQ(trellis.describe(), "trellis per_channel (2 bits), gptq, weight only; transforms: rotate");
  EXPECT_TRUE(trellis.needs_calibration());
  EXPECT_EQ(parse("format: trellis\nbits: 3\n").weights.chosen_method(), RoundingMethod::search);
  EXPECT_EQ(parse("format: mxfp4\ngranularity: per_group\n").describe(), "mxfp4 per_group 32, weight only");
  EXPECT_EQ(parse("format: nvfp4\ngranularity: per_group\ngroup: 16\n").describe(), "nvfp4 per_group 16, weight only");
}

TEST(Recipe, KnowsStaticActivationsAndTheOutlierSplit) {
  const Recipe fixed =
      parse_config<Recipe>("activations: static\ncalibration: {windows: 4, percentile: 99.9}\n", "static.yaml");
  EXPECT_EQ(fixed.activations, Activations::static_scale);
  EXPECT_EQ(fixed.calibration.windows, 4);
  EXPECT_EQ(fixed.describe(), "int8 per_channel, static int8 activations (99.9 % of them in range)");
  const Recipe split = parse_config<Recipe>("bits: 4\nactivations: outlier_split\nthreshold: 4.5\n", "split.yaml");
  EXPECT_EQ(split.describe(), "int4 per_channel, dynamic int8 activations but columns with |x| >= 4.5 in FP32");
  EXPECT_TRUE(differences(split, parse_config<Recipe>(to_yaml(split), "again")).empty());
}

TEST(Recipe, KnowsTransformsInTheirOrder) {
  const Recipe recipe = parse_config<Recipe>(
      "bits: 4\ntransforms: [rotate, smooth]\nsmooth: {alpha: 0.75}\nrotate: {seed: 7}\n"
      "calibration: {windows: 4}\n",
      "rotated.yaml");
  EXPECT_EQ(recipe.transforms, (std::vector{TransformKind::rotate, TransformKind::smooth}));
  EXPECT_EQ(recipe.rotate.seed, 7U);
  EXPECT_EQ(recipe.describe(), "int4 per_channel, weight only; transforms: rotate, smooth (alpha 0.75)");
  EXPECT_TRUE(differences(recipe, parse_config<Recipe>(to_yaml(recipe), "again")).empty());
  const Recipe searched =
      parse_config<Recipe>("activations: static\ntransforms: [smooth]\nsmooth: {search: true}\n", "searched.yaml");
  EXPECT_TRUE(searched.describe().ends_with("; transforms: smooth (alpha by search)"));
}

TEST(Recipe, EveryFileOfTheFolderIsReadAndNamedLikeItsFile) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OCTET_SOURCE_DIR "/configs/recipes")) {
    EXPECT_EQ(read_config<Recipe>(entry.path().string()).name, entry.path().stem().string());
    ++files;
  }
  EXPECT_GE(files, 30);
}

TEST(Recipe, EntropyCodedWeightsHaveAnyNumberOfBits) {
  const Recipe recipe = parse_config<Recipe>(
      "format: entropy\nbits: 3.25\ngranularity: per_tensor\nmethod: gptq\nactivations: dynamic\n", "e.yaml");
  EXPECT_EQ(recipe.weights.bits, 3.25);
  EXPECT_EQ(recipe.describe(), "entropy 3.25 bits, gptq, dynamic int8 activations");
  EXPECT_EQ(recipe.weights.without_inputs().describe(), "entropy 3.25 bits");
  EXPECT_EQ(parse_config<Recipe>(to_yaml(recipe), "again.yaml").weights.bits, 3.25);
}

TEST(Recipe, RefusesWhatContradictsItself) {
  const auto refuses = [](const std::string& yaml, const std::string& message) {
    EXPECT_THAT([&] { parse_config<Recipe>(yaml, "r.yaml"); }, ThrowsMessage<Error>(HasSubstr(message))) << yaml;
  };
  refuses("format: int4\nbits: 5", "expected at most 4 bits for the format int4, got 5");
  refuses("format: fp16\nactivations: dynamic", "expected weight_only for the format fp16");
  refuses("format: nf4\ngranularity: per_group\nactivations: dynamic", "expected weight_only for the format nf4");
  refuses("format: nf4", "expected per_group for the format nf4 (QLoRA has groups of 64), got per_channel");
  refuses("format: mxfp4", "expected per_group for the format mxfp4 (its groups are of 32), got per_channel");
  refuses("format: trellis", "bits: expected 2 to 4 bits for the format trellis, got 8");
  refuses("format: trellis\nbits: 3\ngranularity: per_group", "expected per_channel for the format trellis");
  refuses("format: trellis\nbits: 3\nactivations: dynamic", "expected weight_only for the format trellis");
  refuses("format: trellis\nbits: 3\nsymmetric: false", "expected true for the format trellis");
  refuses("format: trellis\nbits: 3\nmethod: search\nimatrix: true", "imatrix: expected false for the format trellis");
  for (const char* method : {"absmax", "qronos"}) {
    refuses(fmt::format("format: trellis\nbits: 3\nmethod: {}", method),
            fmt::format("method: expected auto, search or gptq for the format trellis, got {}", method));
  }
  refuses("format: fp8\ngranularity: per_group", "expected per_channel for the format fp8, got per_group");
  refuses("format: fp8\nactivations: dynamic", "expected weight_only for the format fp8");
  refuses("format: table4", "expected per_group for the format table4 (groups of 32 are usual), got per_channel");
  refuses("format: nvfp4\ngranularity: per_group",
          "group: expected 16 for the format nvfp4, which prescribes it, got 32");
  refuses("format: mxfp4\ngranularity: per_group\ngroup: 16", "group: expected 32 for the format mxfp4");
  refuses("format: mxfp4\ngranularity: per_group\nactivations: dynamic", "expected weight_only for the format mxfp4");
  refuses("format: table4\ngranularity: per_group\ndouble_quantized: true",
          "double_quantized: expected false for the format table4");
  refuses("format: nf4\ngranularity: per_group\nfitted_levels: true",
          "fitted_levels: expected false for the format nf4: only table4");
  refuses("fitted_levels: true", "fitted_levels: expected false for the format int8");
  refuses("double_quantized: true", "double_quantized: expected false for the format int8: only nf4");
  refuses("symmetric: false", "expected true for the format int8: only int4 stores a minimum");
  refuses("format: fp16\nsymmetric: false", "expected true for the format fp16");
  refuses("format: bf16\nactivations: static", "expected weight_only for the format bf16");
  refuses("activations: static\ncalibration: {windows: 0}", "calibration.windows");
  refuses("activations: static\ncalibration: {percentile: 101}", "calibration.percentile");
  refuses("activations: static\ncalibration: {context: 1}",
          "calibration.context: expected 0 or at least 2 tokens, got 1");
  refuses("activations: static\ncalibration: {observer: mse, percentile: 99}",
          "calibration.percentile: expected observer: percentile beside it, got mse");
  refuses("method: gptq\ncalibration: {observer: mse}",
          "calibration.observer: expected activations: static beside it, got weight_only");
  refuses("activations: dynamic\ncalibration: {symmetric: false}", "calibration");
  refuses("activations: static\ncalibration: {symmetric: false, observer: kl}",
          "calibration.symmetric: expected true beside an observer that clips");
  refuses("layers: [{bits: 4}]", "layers.0.match");
  refuses("layers: [{match: head, format: int4, bits: 8}]", "layers.0.bits: expected at most 4 bits");
  refuses("activations: outlier_split\nthreshold: -1", "threshold");
  refuses("activations: dynamic\nthreshold: 4",
          "threshold: expected activations: outlier_split beside it, got dynamic");
  refuses("calibration: {windows: 4}", "calibration: expected something that needs it beside it");
  refuses("transforms: [rotate]\ncalibration: {windows: 4}", "calibration: expected something that needs it");
  refuses("transforms: [smoth]", "transforms.0: expected one of smooth, rotate, awq, got \"smoth\"");
  refuses("transforms: [awq, rotate, awq]", "transforms: expected each transform once, got awq again");
  refuses("transforms: [smooth]\nsmooth: {alpha: -0.1}", "smooth.alpha: expected a number from 0 to 1, got -0.1");
  refuses("activations: static\ntransforms: [smooth]\nsmooth: {alpha: 0.4, search: true}",
          "smooth.alpha: expected search: false beside it, got true");
  refuses("transforms: [smooth]\nsmooth: {search: true}", "smooth.search: expected int8 activations beside it");
  refuses("smooth: {alpha: 0.4}", "smooth: expected smooth in transforms beside it, got none");
  refuses("transforms: [smooth]\nrotate: {seed: 4}", "rotate: expected rotate in transforms beside it, got none");
  refuses("format: fp32\ntransforms: [awq]", "transforms: expected a format that rounds weights beside awq, got fp32");
  refuses("format: fp16\nlow_rank: 2",
          "low_rank: expected 0 for the format fp16, which leaves nothing to correct, got 2");
  refuses("low_rank: -1", "low_rank: expected an integer from 0 to 4096, got -1");
  refuses("bits: 1", "bits: expected an integer from 2 to 8 for the format auto, got 1");
  refuses("bits: 3.5", "bits: expected an integer from 2 to 8 for the format auto, got 3.5");
  for (const char* bits : {"0", "-1", "9", "0.99", ".nan", ".inf", "three", "[3]"}) {
    refuses(fmt::format("format: entropy\ngranularity: per_tensor\nbits: {}", bits), "bits: expected a");
  }
  refuses("format: entropy\nbits: 3", "expected per_tensor for the format entropy, which has one step for a matrix");
  refuses("format: entropy\ngranularity: per_tensor\nmethod: search",
          "expected auto, gptq or qronos for the format entropy, whose step follows from bits, got search");
  refuses("format: entropy\ngranularity: per_tensor\nimatrix: true", "imatrix: expected method: search");
  refuses("format: entropy\ngranularity: per_tensor\nsymmetric: false", "expected true for the format entropy");
  refuses("group: 0", "group");
  refuses("granularity: per_row", "per_tensor, per_channel");
  refuses("name: \"a\\tb\"", "name: expected a name without control characters");
  refuses("name: ' '", "name: expected a name that is not empty or blank");
  refuses("embedding: {format: int4, bits: 8}", "embedding");
}

}  // namespace
}  // namespace octet::recipe_test
