#include "eval/speed/speed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/tiny_models.h"

namespace octet::speed_test {
namespace {

/// A clock by which models take the time a test wants: it counts the tokens that pass through the observed layers.
struct WorkClock {
  double seconds = 0;
  void slow_down(Gpt& model, double seconds_per_token) {
    (*model.blocks)[0].attention->qkv->observer = [this, seconds_per_token](const Tensor& x) {
      seconds += seconds_per_token * static_cast<double>(x.dim(1));
    };
  }
};

TEST(MeasureSpeed, CountsTokensPerSecondAndSpeedups) {
  Gpt slow(tiny_config(Architecture::llama));
  Gpt fast(tiny_config(Architecture::llama));
  initialize(slow, 1);
  initialize(fast, 1);
  WorkClock clock;
  clock.slow_down(slow, 0.01);
  clock.slow_down(fast, 0.0025);
  const std::vector<NamedModel> models = {{"fp32", &slow}, {"int8", &fast}};
  const SpeedOptions options{.prompt_tokens = 0, .decode_tokens = 10, .warmups = 1, .repetitions = 3};
  const auto results = measure_speed(models, options, [&] { return clock.seconds; });

  constexpr double kRounding = 1e-9;
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].name, "fp32");
  EXPECT_EQ(results[0].prompt_tokens, 16) << "the context";
  EXPECT_EQ(results[0].decode_tokens, 10);
  EXPECT_NEAR(results[0].prefill_tokens_per_s, 100, 100 * kRounding);
  EXPECT_NEAR(results[0].decode_tokens_per_s, 100, 100 * kRounding);
  EXPECT_EQ(results[0].prefill_speedup, 1.0);
  EXPECT_EQ(results[0].decode_speedup, 1.0);
  EXPECT_NEAR(results[1].decode_tokens_per_s, 400, 400 * kRounding);
  EXPECT_NEAR(results[1].prefill_speedup, 4.0, kRounding);
  EXPECT_NEAR(results[1].decode_speedup, 4.0, kRounding);
}

TEST(MeasureSpeed, StaysWithinTheContext) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  const std::vector<NamedModel> models = {{"fp32", &model}};
  const auto result =
      measure_speed(models, {.prompt_tokens = 1000, .decode_tokens = 1000, .warmups = 0, .repetitions = 1}).front();
  EXPECT_EQ(result.prompt_tokens, 16);
  EXPECT_EQ(result.decode_tokens, 16);
  EXPECT_GT(result.prefill_tokens_per_s, 0.0);
  EXPECT_THROW(measure_speed({}), Error);
}

}  // namespace
}  // namespace octet::speed_test
