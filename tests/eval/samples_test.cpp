#include "eval/score/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/tiny_models.h"

namespace octet::samples_test {
namespace {

/// One token per byte.
Tokenizer byte_tokenizer() {
  Vocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace_back(1, static_cast<char>(byte));
  }
  return Tokenizer(std::move(vocabulary));
}

TEST(MakeSamples, UsesTheSameRandomNumbersForEveryModel) {
  GptConfig config = tiny_config(Architecture::llama);
  config.vocabulary = 256;
  Gpt first(config);
  Gpt twin(config);
  Gpt other(config);
  initialize(first, 1);
  initialize(twin, 1);
  initialize(other, 2);
  const std::vector<NamedModel> models = {{"fp32", &first}, {"twin", &twin}, {"other", &other}};
  const std::vector<std::string> prompts = {"In the", "And"};
  SamplingOptions options;
  options.max_tokens = 24;
  options.temperature = 1.0;
  options.top_k = 0;
  const auto samples = make_samples(models, byte_tokenizer(), prompts, options);

  ASSERT_EQ(samples.size(), 6U);
  EXPECT_EQ(samples[1].model, "twin");
  EXPECT_EQ(samples[1].prompt, "In the");
  EXPECT_EQ(samples[3].prompt, "And");
  EXPECT_EQ(samples[0].text.size(), 24U);
  EXPECT_EQ(samples[1].text, samples[0].text);
  EXPECT_NE(samples[3].text, samples[0].text);
  // Random weights give nearly even probabilities, so another model may agree for a while, but not 24 tokens long in
  // both samples.
  EXPECT_TRUE(samples[2].text != samples[0].text || samples[5].text != samples[3].text);
}

}  // namespace
}  // namespace octet::samples_test
