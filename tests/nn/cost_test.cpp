#include "nn/cost.h"

#include <gtest/gtest.h>

#include "tests/support/tiny_gpt.h"

namespace octet::cost_test {
namespace {

GptConfig gpt2_small() {
  GptConfig config;
  config.architecture = Architecture::gpt2;
  config.vocabulary = 50257;
  config.context = 1024;
  config.width = 768;
  config.layers = 12;
  config.heads = 12;
  config.hidden = 3072;
  return config;
}

GptConfig tiny_llama_1b() {
  GptConfig config;
  config.vocabulary = 32000;
  config.context = 2048;
  config.width = 2048;
  config.layers = 22;
  config.heads = 32;
  config.kv_heads = 4;
  config.hidden = 5632;
  config.tied_head = false;
  return config;
}

TEST(Cost, ParametersOfPublishedModels) {
  EXPECT_EQ(parameter_count(gpt2_small()), 124'439'808);       // "GPT-2 124M"
  EXPECT_EQ(parameter_count(tiny_llama_1b()), 1'100'048'384);  // "TinyLlama 1.1B"
}

TEST(Cost, FormulaCountsWhatTheModelHolds) {
  GptConfig biased = tiny_llama();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  for (GptConfig config :
       {tiny_gpt2(), tiny_llama(), biased, with_head_options(tiny_gpt2()), with_head_options(tiny_llama())}) {
    for (const bool tied : {false, true}) {
      config.tied_head = tied;
      EXPECT_EQ(parameter_count(config), Gpt(config).parameter_count());
    }
  }
}

TEST(Cost, FlopsPerToken) {
  const GptConfig config = gpt2_small();
  const std::int64_t per_layer = 768 * 3 * 768 + 768 * 768 + 2 * 768 * 3072;
  const std::int64_t n = 12 * per_layer + 50257 * 768;
  EXPECT_EQ(multiplied_parameters(config), n);
  EXPECT_DOUBLE_EQ(forward_flops_per_token(config, 1024), 2.0 * n + 2.0 * 12 * 1024 * 768);
  EXPECT_DOUBLE_EQ(training_flops_per_token(config, 1024), 6.0 * n + 6.0 * 12 * 1024 * 768);
}

}  // namespace
}  // namespace octet::cost_test
