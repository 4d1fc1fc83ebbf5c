#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/speed/bench.h"
#include "eval/speed/bench_shapes.h"
#include "nn/cost.h"
#include "tests/support/error_of.h"

namespace octet::bench_options_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BenchShape, BuiltInShapesHaveTheParametersOfTheirNames) {
  const BenchShape small = bench_shape("llama-31m"), large = bench_shape("llama-97m");
  EXPECT_EQ(small.name, "llama-31m");
  EXPECT_EQ(parameter_count(small.config), 31'465'984);
  EXPECT_EQ(parameter_count(large.config), 97'536'768);
  EXPECT_FALSE(large.config.tied_head);
  EXPECT_EQ(large.config.architecture, Architecture::llama);
  EXPECT_FALSE(large.has_context);
}

TEST(BenchShape, SpelledOutShapesAreConfigurations) {
  const BenchShape shape = bench_shape("architecture=gpt2,width=64,layers=3,heads=4,hidden=96,tied_head=true");
  EXPECT_EQ(shape.name, "gpt2 3x64");
  EXPECT_EQ(shape.config.layers, 3);
  EXPECT_EQ(shape.config.hidden, 96);
  EXPECT_TRUE(shape.config.tied_head);
  EXPECT_FALSE(shape.has_context);
  EXPECT_TRUE(bench_shape("context=77").has_context);
  EXPECT_EQ(bench_shape("context=77").config.context, 77);
}

TEST(BenchShape, WrongShapesAreRefused) {
  EXPECT_THAT(error_of(ErrorKind::config, [] { bench_shape("lama-97m"); }), HasSubstr("did you mean \"llama-97m\""));
  EXPECT_THAT(error_of(ErrorKind::config, [] { bench_shape("xyz"); }), HasSubstr("llama-31m, llama-97m"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { bench_shape("widht=64"); }), HasSubstr("did you mean \"width\""));
  EXPECT_THAT(error_of(ErrorKind::config, [] { bench_shape("width=64,heads=5"); }), HasSubstr("heads"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { bench_shape("width=64,,heads=4"); }),
              HasSubstr("expected key.path=value"));
}

std::vector<std::string> names_of(std::span<const BenchFormat> formats) {
  std::vector<std::string> names;
  for (const BenchFormat& format : formats) {
    names.push_back(format.name);
  }
  return names;
}

TEST(BenchFormats, AreFoundByNameInTheOrderAsked) {
  EXPECT_THAT(names_of(find_bench_formats({"int4", "fp32", "int4"})), ElementsAre("int4", "fp32"));
  EXPECT_EQ(find_bench_formats({}).size(), bench_formats().size());
  EXPECT_EQ(bench_formats().front().name, "fp32");
  EXPECT_THAT(error_of(ErrorKind::config,
                       [] {
                         find_bench_formats({"fp32", "int44"});
                       }),
              HasSubstr("did you mean \"int4\""));
}

TEST(BenchFormats, HaveTheRecipesOfTheirNames) {
  const std::vector<BenchFormat> formats = find_bench_formats({"fp32", "int8", "int4-weight-only", "bf16"});
  EXPECT_FALSE(formats[0].recipe);
  EXPECT_EQ(formats[1].recipe->describe(), "int8 per_channel, dynamic int8 activations");
  EXPECT_EQ(formats[1].recipe->name, "int8");
  EXPECT_EQ(formats[2].recipe->weights.stored_format(), WeightFormat::int4);
  EXPECT_EQ(formats[2].recipe->activations, Activations::weight_only);
  EXPECT_EQ(formats[3].recipe->weights.stored_format(), WeightFormat::bf16);
}

TEST(BenchGroups, HoldAsManyAsFitBesideFp32) {
  const std::vector<BenchFormat> formats = find_bench_formats({"fp32", "int8", "int4", "bf16"});
  const auto together = bench_groups(formats, 100, 1000);
  ASSERT_EQ(together.size(), 1U);
  EXPECT_THAT(names_of(together[0]), ElementsAre("fp32", "int8", "int4", "bf16"));
  const auto pairs = bench_groups(formats, 100, 299);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_THAT(names_of(pairs[0]), ElementsAre("fp32", "int8", "int4"));
  EXPECT_THAT(names_of(pairs[1]), ElementsAre("fp32", "bf16"));
  EXPECT_EQ(bench_groups(formats, 100, 0).size(), 3U);
  EXPECT_THAT(names_of(bench_groups(find_bench_formats({"fp32"}), 100, 0).at(0)), ElementsAre("fp32"));
}

TEST(BenchTasks, AreAllCombinationsWithNamesAsLlamaBenchHasThem) {
  const BenchOptions options{.prompt = {0, 512}, .generate = {128}, .batch = {1, 4}, .depth = {0, 2048}};
  std::vector<std::string> names;
  for (const SpeedTask& task : bench_tasks(options)) {
    names.push_back(task.name());
  }
  EXPECT_THAT(names, ElementsAre("pp512", "tg128", "tg128 @ d2048", "pp512 b4", "tg128 b4", "tg128 b4 @ d2048"));
}

}  // namespace
}  // namespace octet::bench_options_test
