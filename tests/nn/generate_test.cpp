#include "nn/generation/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/tiny_gpt.h"

namespace octet::generate_test {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

const std::vector<std::int32_t> kPrompt = {3, 14, 15, 9};

/// The definition, without a cache: forward over the window for every token.
std::vector<std::int32_t> generate_plainly(Gpt& model, std::vector<std::int32_t> history,
                                           const SamplingOptions& options) {
  const auto context = static_cast<std::size_t>(model.config().context);
  const Random random(options.seed, hash_name("generate"));
  std::vector<std::int32_t> generated;
  std::size_t begin = history.size() > context ? history.size() - context : 0;
  for (std::int64_t i = 0; i < options.max_tokens; ++i) {
    if (history.size() - begin > context) {
      begin = history.size() - context / 2;
    }
    const auto window = std::span<const std::int32_t>(history).subspan(begin);
    const Tensor logits = model.forward(Tensor::from(window, {1, static_cast<std::int64_t>(window.size())}));
    const auto row = logits.span<float>().last(static_cast<std::size_t>(model.config().vocabulary));
    generated.push_back(sample(row, options, random.uniform(static_cast<std::uint64_t>(i))));
    history.push_back(generated.back());
  }
  return generated;
}

class Generate : public testing::TestWithParam<Architecture> {
 protected:
  Generate() : model(GetParam() == Architecture::gpt2 ? tiny_gpt2() : tiny_llama()) { fill_randomly(model, 5); }
  Gpt model;
};

INSTANTIATE_TEST_SUITE_P(Shapes, Generate, testing::Values(Architecture::gpt2, Architecture::llama),
                         [](const auto& suite) { return std::string(enum_name(suite.param)); });

TEST_P(Generate, EqualsGenerationWithoutCacheAlsoBeyondTheContext) {
  SamplingOptions options;
  options.max_tokens = 40;  // the context is 11: it fills several times
  EXPECT_EQ(generate(model, kPrompt, options), generate_plainly(model, kPrompt, options));
}

TEST_P(Generate, OfALongPromptTheTailCounts) {
  SamplingOptions options;
  options.max_tokens = 5;
  std::vector<std::int32_t> prompt;
  for (std::int32_t i = 0; i < 30; ++i) {
    prompt.push_back(i % 23);
  }
  const std::vector<std::int32_t> tail(prompt.end() - 11, prompt.end());
  const auto generated = generate(model, prompt, options);
  EXPECT_EQ(generated, generate(model, tail, options));
  EXPECT_EQ(generated, generate_plainly(model, prompt, options));
}

TEST_P(Generate, DependsOnTheSeedAlone) {
  SamplingOptions options;
  options.max_tokens = 30;
  const auto first = generate(model, kPrompt, options);
  EXPECT_EQ(first, generate(model, kPrompt, options));
  options.max_tokens = 10;
  EXPECT_THAT(generate(model, kPrompt, options), ElementsAreArray(first.begin(), first.begin() + 10));
  options.max_tokens = 30;
  options.seed = 2;
  EXPECT_NE(first, generate(model, kPrompt, options));
}

TEST_P(Generate, ShowsEachTokenAndStopsBeforeTheStopToken) {
  SamplingOptions options;
  options.max_tokens = 30;
  const auto all = generate(model, kPrompt, options);
  options.stop_token = all[7];
  const auto first_stop = std::find(all.begin(), all.end(), all[7]);
  std::vector<std::int32_t> shown;
  const auto generated = generate(model, kPrompt, options, [&](std::int32_t id) { shown.push_back(id); });
  EXPECT_THAT(generated, ElementsAreArray(all.begin(), first_stop));
  EXPECT_EQ(shown, generated);
}

TEST_P(Generate, RefusesAnEmptyPrompt) {
  EXPECT_THAT([&] { generate(model, {}, {}); },
              Throws<Error>(AllOf(Property(&Error::what, HasSubstr("a prompt of at least one token, got none")),
                                  Property(&Error::kind, ErrorKind::config))));
}

TEST_P(Generate, NothingIsAskedForNothingComes) {
  SamplingOptions options;
  options.max_tokens = 0;
  EXPECT_TRUE(generate(model, kPrompt, options).empty());
}

}  // namespace
}  // namespace octet::generate_test
