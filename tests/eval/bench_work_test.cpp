#include "eval/speed/bench_work.h"

#include <cmath>

#include <gtest/gtest.h>

#include "quant/apply_recipe.h"
#include "tests/eval/tiny_models.h"

namespace octet::bench_work_test {
namespace {

// tiny_config: C 12, F 20, V 23, 2 layers, 3 heads. Matrices of a Llama layer: qkv 36 x 12, output 12 x 12, gate and up
// 20 x 12, down 12 x 20.
constexpr double kLayers = 2.0 * (36 * 12 + 12 * 12 + 3 * 20 * 12);
constexpr double kHead = 23 * 12;

GptConfig untied() {
  GptConfig config = tiny_config(Architecture::llama);
  config.tied_head = false;
  return config;
}

TEST(BenchWork, CountsProductsAndBytesOfAPrompt) {
  Gpt model(untied());
  const BenchWork work = bench_work(model, {.kind = SpeedTask::Kind::prompt, .tokens = 5, .batch = 3});
  const double attention = 2 * 3 * 4.0 * 12 * (1 + 2 + 3 + 4 + 5);  // layers, batch, operations, columns, keys
  EXPECT_EQ(work.int8_operations, 0);
  EXPECT_EQ(work.fp32_operations, 2 * (3 * 5 * kLayers + 3 * kHead) + attention);
  const double cache = 2.0 * 2 * 3 * 5 * 12 * 4;  // keys and values, layers, batch, time, columns, bytes
  EXPECT_EQ(work.bytes, 4 * (kLayers + kHead) + cache);
  EXPECT_EQ(work.pass_bytes, work.bytes);
}

TEST(BenchWork, ReadsTheWeightsOnceForEachTokenWritten) {
  Gpt model(untied());
  const BenchWork work = bench_work(model, {.kind = SpeedTask::Kind::generate, .tokens = 2, .batch = 3, .depth = 10});
  EXPECT_EQ(work.fp32_operations, 2 * 3 * 2 * (kLayers + kHead) + 2 * 3 * 4.0 * 12 * (11 + 12));
  EXPECT_EQ(work.bytes, 2 * 4 * (kLayers + kHead) + 2.0 * 2 * 3 * (11 + 12) * 12 * 4);
  EXPECT_EQ(work.pass_bytes, 4 * (kLayers + kHead) + 2.0 * 2 * 3 * 12 * 12 * 4);
}

TEST(BenchWork, IntegerLayersCountAsInt8AndAreSmaller) {
  Gpt model(untied());
  initialize(model, 1);
  Recipe recipe;
  recipe.activations = Activations::dynamic;
  recipe.keep_fp32 = {"head"};
  apply_recipe(model, recipe);
  const BenchWork work = bench_work(model, {.kind = SpeedTask::Kind::generate, .tokens = 1});
  EXPECT_EQ(work.int8_operations, 2 * kLayers);
  EXPECT_EQ(work.fp32_operations, 2 * kHead + 2 * 4.0 * 12);
  const double scales = 2 * 4.0 * (36 + 12 + 20 + 20 + 12);  // one of 4 bytes for each row
  EXPECT_EQ(work.bytes, kLayers + scales + 4 * kHead + 2.0 * 2 * 12 * 4);
}

TEST(BenchWork, ATiedEmbeddingIsTheHead) {
  Gpt tied(tiny_config(Architecture::llama));
  Gpt model(untied());
  const SpeedTask task{.kind = SpeedTask::Kind::prompt, .tokens = 4};
  EXPECT_EQ(bench_work(tied, task).fp32_operations, bench_work(model, task).fp32_operations);
  EXPECT_EQ(bench_work(tied, task).bytes, bench_work(model, task).bytes);
  EXPECT_EQ(stored_bytes(model) - stored_bytes(tied), 4 * 23 * 12);
}

TEST(BenchLimit, IsTheOneThatIsMetFirst) {
  const MachineLimits machine{.peak_fp32_gflops = 100, .peak_int8_gops = 400, .read_gbps = 10};
  const BenchLimit prefill =
      bench_limit({.int8_operations = 400e9, .fp32_operations = 10e9, .bytes = 1e9}, machine, 10);
  EXPECT_EQ(prefill.name(), "int8 400 GOP/s");
  EXPECT_DOUBLE_EQ(prefill.seconds, 1.1);
  const BenchLimit decode = bench_limit({.int8_operations = 4e9, .bytes = 1e9}, machine, 20);
  EXPECT_EQ(decode.name(), "read 20.0 GB/s");
  EXPECT_DOUBLE_EQ(decode.seconds, 0.05);
  const BenchLimit fp32 = bench_limit({.fp32_operations = 200e9, .bytes = 1e9}, machine, 10);
  EXPECT_EQ(fp32.name(), "fp32 100 GFLOP/s");
  EXPECT_DOUBLE_EQ(fp32.seconds, 2.0);
}

TEST(BenchLimit, IsUnknownWithoutARate) {
  const MachineLimits machine{.peak_fp32_gflops = 100, .peak_int8_gops = 400, .read_gbps = 10};
  const BenchLimit unknown = bench_limit({.fp32_operations = 1e9, .bytes = 1e9}, machine, 0);
  EXPECT_EQ(unknown.name(), "n/a");
  EXPECT_TRUE(std::isnan(unknown.seconds));
  EXPECT_EQ(bench_limit({.int8_operations = 1e9, .bytes = 1}, {.peak_fp32_gflops = 100}, 10).name(), "n/a");
}

}  // namespace
}  // namespace octet::bench_work_test
