#include "nn/layers/gpt_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

TEST(GptConfig, DefaultsAreValid) {
  EXPECT_NO_THROW(checked(GptConfig()));
  EXPECT_NO_THROW(checked(tiny_gpt2()));
  EXPECT_NO_THROW(checked(tiny_llama()));
}

TEST(GptConfig, ZeroKvHeadsMeansAsManyAsHeads) {
  GptConfig config = tiny_llama();
  EXPECT_EQ(config.key_value_heads(), 2);
  config.kv_heads = 0;
  EXPECT_EQ(config.key_value_heads(), 4);
}

struct BadConfig {
  const char* name;
  void (*change)(GptConfig&);
  const char* message;
};

class BadGptConfig : public testing::TestWithParam<BadConfig> {};

TEST_P(BadGptConfig, IsRefusedByModelAndCheck) {
  GptConfig config = tiny_llama();
  GetParam().change(config);
  const auto refusal = Throws<Error>(
      AllOf(Property(&Error::what, HasSubstr(GetParam().message)), Property(&Error::kind, ErrorKind::config)));
  EXPECT_THAT([&] { checked(config); }, refusal);
  EXPECT_THAT([&] { Gpt model(config); }, refusal);
}

TEST(GptConfig, WhatGpt2DoesNotReadIsRefused) {
  const auto refusal = [](void (*change)(GptConfig&)) {
    GptConfig config = tiny_gpt2();
    change(config);
    try {
      checked(config);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string expected = ": expected a model of the architecture llama for it, got gpt2, ";
  EXPECT_THAT(refusal([](GptConfig& c) { c.qkv_bias = true; }),
              HasSubstr("qkv_bias" + expected + "which has all biases"));
  EXPECT_THAT(refusal([](GptConfig& c) { c.output_bias = true; }), HasSubstr("output_bias" + expected));
  EXPECT_THAT(refusal([](GptConfig& c) { c.mlp_bias = true; }), HasSubstr("mlp_bias" + expected));
  EXPECT_THAT(refusal([](GptConfig& c) { c.rope_theta = 500; }),
              HasSubstr("rope_theta" + expected + "whose positions are learned"));
  EXPECT_EQ(refusal([](GptConfig& c) { c.kv_heads = 1; }), "accepted") << "shared heads are no matter of Llama alone";
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadGptConfig,
    testing::Values(BadConfig{"heads", [](GptConfig& c) { c.heads = 5; },
                              "heads: expected a divisor of the width 16, got 5"},
                    BadConfig{"zero_heads", [](GptConfig& c) { c.heads = 0; }, "heads: expected"},
                    BadConfig{"kv_heads", [](GptConfig& c) { c.kv_heads = 3; },
                              "kv_heads: expected a divisor of the 4 heads, got 3"},
                    BadConfig{"more_kv_heads", [](GptConfig& c) { c.kv_heads = 8; }, "kv_heads: expected a divisor"},
                    BadConfig{"odd_head", [](GptConfig& c) { c.width = 12; },
                              "an even head size for rotary positions, got 12 / 4 = 3"},
                    BadConfig{"rotated_down",
                              [](GptConfig& c) {
                                c.rotations.down = true;
                                c.hidden = 52;
                              },
                              "rotations.down: [hadamard] expected a width of 2^k"},
                    BadConfig{"rotated_heads",
                              [](GptConfig& c) {
                                c.rotations.heads = true;
                                c.width = 4 * 52;
                              },
                              "rotations.heads: [hadamard] expected a width of 2^k"},
                    BadConfig{"layers", [](GptConfig& c) { c.layers = 0; }, "layers: expected"},
                    BadConfig{"context", [](GptConfig& c) { c.context = 0; }, "context: expected"},
                    BadConfig{"vocabulary", [](GptConfig& c) { c.vocabulary = 1; }, "vocabulary: expected"},
                    BadConfig{"dropout", [](GptConfig& c) { c.dropout = 1.0; }, "dropout: expected"},
                    BadConfig{"clip", [](GptConfig& c) { c.attention_clip = -2.0; },
                              "attention_clip: expected a number from 0 to 100, got -2"},
                    BadConfig{"epsilon", [](GptConfig& c) { c.norm_epsilon = 0.0; }, "norm_epsilon: expected"}),
    [](const auto& suite) { return std::string(suite.param.name); });

}  // namespace
}  // namespace octet
