#include "eval/eval_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"

namespace octet::eval_config_test {
namespace {

using testing::HasSubstr;

TEST(EvalConfig, DefaultsAreValidAndRoundTrip) {
  EvalConfig config;
  override_and_check(config, "defaults");
  EXPECT_EQ(differences(parse_config<EvalConfig>(to_yaml(config), "copy"), config), std::vector<std::string>{});
}

TEST(EvalConfig, TakesContextAndStrideFromTheModel) {
  GptConfig model;
  model.context = 128;
  EvalConfig config;
  EXPECT_EQ(config.context_of(model), 128);
  EXPECT_EQ(config.stride_of(model), 128);
  config.context = 64;
  EXPECT_EQ(config.stride_of(model), 64);
  config.stride = 16;
  EXPECT_EQ(config.stride_of(model), 16);
}

void expect_refused(const std::string& text, const std::string& message) {
  try {
    parse_config<EvalConfig>(text, "test.yaml");
    FAIL() << "expected an error for " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(EvalConfig, SaysWhatIsWrong) {
  expect_refused("context: 64\nstride: 65\n", "test.yaml:2: stride: expected at most the context of 64, got 65");
  expect_refused("prompts: ['a', '']\n", "test.yaml:1: prompts");
  expect_refused("prompts: []\n", "test.yaml:1: prompts");
  expect_refused("outliers: {threshold: 0}\n", "test.yaml:1: outliers.threshold");
  expect_refused("speed: {repetitions: 0}\n", "test.yaml:1: speed.repetitions");
}

}  // namespace
}  // namespace octet::eval_config_test
