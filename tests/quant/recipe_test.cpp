#include "quant/recipe.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "quant/glob.h"

namespace octet {
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
  refuses("double_quantized: true", "double_quantized: expected false for the format int8: only nf4");
  refuses("symmetric: false", "expected true for the format int8: only int4 stores a minimum");
  refuses("format: fp16\nsymmetric: false", "expected true for the format fp16");
  refuses("format: bf16\nactivations: static", "expected weight_only for the format bf16");
  refuses("activations: static\ncalibration: {windows: 0}", "calibration.windows");
  refuses("activations: static\ncalibration: {percentile: 101}", "calibration.percentile");
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
  refuses("bits: 1", "bits");
  refuses("group: 0", "group");
  refuses("granularity: per_row", "per_tensor, per_channel");
  refuses("name: \"a\\tb\"", "name: expected a name without control characters");
  refuses("name: ' '", "name: expected a name that is not empty or blank");
  refuses("embedding: {format: int4, bits: 8}", "embedding");
}

}  // namespace
}  // namespace octet
