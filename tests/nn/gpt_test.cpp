#include "nn/gpt.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/autograd/node.h"
#include "tensor/ops/view.h"
#include "tests/support/tiny_gpt.h"

namespace octet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

class EachGpt : public testing::TestWithParam<Architecture> {
 protected:
  GptConfig config() const { return GetParam() == Architecture::gpt2 ? tiny_gpt2() : tiny_llama(); }
};

INSTANTIATE_TEST_SUITE_P(Shapes, EachGpt, testing::Values(Architecture::gpt2, Architecture::llama),
                         [](const auto& suite) { return std::string(enum_name(suite.param)); });

TEST(Gpt, ParameterNamesOfGpt2) {
  GptConfig config = tiny_gpt2();
  config.layers = 1;
  Gpt model(config);
  EXPECT_THAT(
      parameter_paths(model),
      ElementsAre("embedding.weight", "positions.weight", "blocks.0.attention_norm.gain",
                  "blocks.0.attention_norm.bias", "blocks.0.attention.qkv.weight", "blocks.0.attention.qkv.bias",
                  "blocks.0.attention.output.weight", "blocks.0.attention.output.bias", "blocks.0.mlp_norm.gain",
                  "blocks.0.mlp_norm.bias", "blocks.0.mlp.up.weight", "blocks.0.mlp.up.bias",
                  "blocks.0.mlp.down.weight", "blocks.0.mlp.down.bias", "norm.gain", "norm.bias"));
}

TEST(Gpt, ParameterNamesOfLlama) {
  GptConfig config = tiny_llama();
  config.layers = 1;
  Gpt model(config);
  EXPECT_THAT(parameter_paths(model),
              ElementsAre("embedding.weight", "blocks.0.attention_norm.gain", "blocks.0.attention.qkv.weight",
                          "blocks.0.attention.output.weight", "blocks.0.mlp_norm.gain", "blocks.0.mlp.gate.weight",
                          "blocks.0.mlp.up.weight", "blocks.0.mlp.down.weight", "norm.gain", "head.weight"));
}

TEST(Gpt, ParameterNamesOfNormedHeadsAndGates) {
  GptConfig config = with_head_options(tiny_llama());
  config.layers = 1;
  Gpt model(config);
  const std::vector<std::string> paths = parameter_paths(model);
  EXPECT_THAT(std::vector(paths.begin() + 2, paths.begin() + 7),
              ElementsAre("blocks.0.attention.qkv.weight", "blocks.0.attention.query_norm.gain",
                          "blocks.0.attention.key_norm.gain", "blocks.0.attention.gate.weight",
                          "blocks.0.attention.gate.bias"));
}

/// So that short products and long ones weigh alike: a query of twice the length is the same query.
TEST(Gpt, NormedQueriesAndKeysHaveNoLength) {
  GptConfig config = tiny_llama();
  config.qk_norm = true;
  config.norm_epsilon = 1e-20;
  Gpt model(config);
  fill_randomly(model, 2);
  const Tensor ids = random_ids(1, 7, config.vocabulary, 1);
  const std::vector<float> before = model.forward(ids).to_vector();
  Tensor qkv = dynamic_cast<Linear&>(*(*model.blocks)[0].attention->qkv).weight.value();
  const std::int64_t queries_and_keys = (config.heads + config.kv_heads) * config.head_dim();
  for (std::int64_t i = 0; i < queries_and_keys * config.width; ++i) qkv.data<float>()[i] *= 2;
  EXPECT_EQ(model.forward(ids).to_vector(), before) << "doubling rounds nothing";
}

/// A head that looks at all positions alike adds nothing, where a plain softmax would add the mean of the values.
TEST(Gpt, ClippedSoftmaxLetsAHeadDoNothing) {
  GptConfig config = tiny_llama();
  config.attention_clip = 4;
  EXPECT_DOUBLE_EQ(config.attention_gamma(), -4.0 / 11);
  Gpt model(config);
  fill_randomly(model, 2);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    Attention& attention = *(*model.blocks)[layer].attention;
    Tensor qkv = dynamic_cast<Linear&>(*attention.qkv).weight.value();
    for (std::int64_t i = 0; i < config.width * config.width; ++i) qkv.data<float>()[i] = 0;  // the queries
  }
  const Tensor ids = random_ids(1, 11, config.vocabulary, 1);
  const Tensor attending = model.forward(ids);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    (*model.blocks)[layer].attention->output.replace(
        std::make_unique<Linear>(config.width, config.width, false));  // zero
  }
  const Tensor silent = model.forward(ids);
  const auto last = [&](const Tensor& logits) { return slice(logits, 1, 10, 11).to_vector(); };
  EXPECT_EQ(last(attending), last(silent)) << "1 / 11 is clipped";
  EXPECT_NE(slice(attending, 1, 0, 1).to_vector(), slice(silent, 1, 0, 1).to_vector()) << "a key that is alone has all";
}

TEST_P(EachGpt, LogitsHaveOneRowPerPosition) {
  Gpt model(config());
  initialize(model, 1);
  EXPECT_EQ(model.forward(random_ids(2, 5, config().vocabulary, 1)).shape(), Shape({2, 5, config().vocabulary}));
}

TEST_P(EachGpt, LossAtInitIsThatOfAGuess) {
  Gpt model(config());
  initialize(model, 1);
  const Tensor ids = random_ids(3, 11, config().vocabulary, 1);
  const Tensor targets = random_ids(3, 11, config().vocabulary, 2);
  // Logits at init scatter by 0.02 sqrt(width) = 0.08, so their mean over 33 targets by 0.014; four times that.
  constexpr float kInitScatter = 0.055F;
  EXPECT_NEAR(model.loss(ids, targets).item(), std::log(static_cast<float>(config().vocabulary)), kInitScatter);
}

TEST_P(EachGpt, LaterTokensDoNotChangeEarlierLogits) {
  Gpt model(config());
  fill_randomly(model, 1);
  const std::int64_t changed = 6;
  const Tensor ids = random_ids(1, 9, config().vocabulary, 1);
  const Tensor other = ids.clone();
  other.data<std::int32_t>()[changed] = (other.data<std::int32_t>()[changed] + 1) % 23;
  const std::vector<float> before = model.forward(ids).to_vector();
  const std::vector<float> after = model.forward(other).to_vector();
  const auto row = config().vocabulary;
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + changed * row, after.begin()));
  for (std::int64_t t = changed; t < 9; ++t) {
    EXPECT_FALSE(std::equal(before.begin() + t * row, before.begin() + (t + 1) * row, after.begin() + t * row)) << t;
  }
}

TEST_P(EachGpt, LastOnlyIsTheLastRow) {
  Gpt model(config());
  fill_randomly(model, 1);
  const Tensor ids = random_ids(2, 7, config().vocabulary, 1);
  ForwardOptions options;
  options.last_only = true;
  const Tensor last = model.forward(ids, options);
  EXPECT_EQ(last.shape(), Shape({2, 1, config().vocabulary}));
  const std::vector<float> expected = slice(model.forward(ids), 1, 6, 7).to_vector();
  constexpr float kProductOrder = 1e-5F;  // products of other sizes may sum in another order
  EXPECT_THAT(last.to_vector(), testing::Pointwise(testing::FloatNear(kProductOrder), expected));
}

TEST_P(EachGpt, DropoutIsActiveOnlyInTraining) {
  GptConfig dropping = config();
  dropping.dropout = 0.5;
  Gpt model(dropping);
  fill_randomly(model, 1);
  const Tensor ids = random_ids(1, 5, dropping.vocabulary, 1);
  ForwardOptions options;
  const std::vector<float> plain = model.forward(ids, options).to_vector();
  options.training = true;
  const std::vector<float> dropped = model.forward(ids, options).to_vector();
  EXPECT_NE(plain, dropped);
  EXPECT_EQ(dropped, model.forward(ids, options).to_vector());  // the same seed, the same masks
  options.dropout_seed = 1;
  EXPECT_NE(dropped, model.forward(ids, options).to_vector());
}

TEST_P(EachGpt, LearnsOneBatchByHeart) {
  Gpt model(config());
  fill_randomly(model, 1);
  // No token twice: without absolute positions a Llama cannot tell a repeated first token from the first.
  const Tensor ids = Tensor::from(std::vector<std::int32_t>{3, 14, 15, 9, 2, 6, 5, 8}, {1, 8});
  const Tensor targets = random_ids(1, 8, config().vocabulary, 2);
  constexpr float kLearningRate = 0.1F;
  for (int step = 0; step < 100; ++step) {
    model.clear_gradients();
    backward(model.loss(ids, targets));
    for (const auto& [path, parameter] : model.parameters()) {
      const Tensor gradient = parameter->value().grad();
      ASSERT_TRUE(gradient.defined()) << path;
      for (std::int64_t i = 0; i < gradient.elements(); ++i) {
        parameter->value().data<float>()[i] -= kLearningRate * gradient.data<float>()[i];
      }
    }
  }
  EXPECT_LT(model.loss(ids, targets).item(), 0.1F);
}

TEST(Gpt, ReplacedLayerIsUsed) {
  Gpt model(tiny_gpt2());
  fill_randomly(model, 1);
  const Tensor ids = random_ids(1, 5, 23, 1);
  const std::vector<float> before = model.forward(ids).to_vector();
  model.for_each_child([](const std::string& path, ChildSlot& slot) {
    if (path == "blocks.1.mlp.up") {
      slot.replace(std::make_unique<Linear>(12, 20, true));  // all zero
    }
  });
  EXPECT_NE(before, model.forward(ids).to_vector());
}

TEST(Gpt, RefusesIdsItCannotTake) {
  Gpt model(tiny_gpt2());
  EXPECT_THAT(
      [&] { model.forward(random_ids(1, 12, 23, 1)); },
      Throws<Error>(Property(&Error::what, HasSubstr("[gpt] expected at most 11 positions (the context), got 12"))));
  EXPECT_THAT(
      [&] {
        model.forward(Tensor::zeros({1, 3}));
      },
      Throws<Error>(Property(&Error::what, HasSubstr("[gpt] expected ids (B, T) of i32, got f32 (1, 3)"))));
  const Tensor outside = Tensor::from(std::vector<std::int32_t>{0, 23}, {1, 2});
  EXPECT_THROW(model.forward(outside), Error);
}

}  // namespace
}  // namespace octet
