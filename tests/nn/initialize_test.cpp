#include "nn/initialize.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "tests/support/tiny_gpt.h"

namespace octet::initialize_test {
namespace {

std::vector<std::vector<float>> values_of(Gpt& model) {
  std::vector<std::vector<float>> values;
  for (const auto& named : model.parameters()) {
    values.push_back(named.parameter->value().to_vector());
  }
  return values;
}

double deviation(const std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) {
    sum += static_cast<double>(value) * value;
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Initialize, DependsOnTheSeedAlone) {
  Gpt first(tiny_gpt2());
  Gpt second(tiny_gpt2());
  const int threads = thread_count();
  initialize(first, 7);
  set_thread_count(threads == 1 ? 2 : 1);
  initialize(second, 7);
  set_thread_count(threads);
  EXPECT_EQ(values_of(first), values_of(second));
  initialize(second, 8);
  EXPECT_NE(values_of(first), values_of(second));
}

TEST(Initialize, AParameterDoesNotDependOnTheOthers) {
  GptConfig deeper = tiny_gpt2();
  deeper.layers = 3;
  Gpt first(tiny_gpt2());
  Gpt second(deeper);
  initialize(first, 7);
  initialize(second, 7);
  const auto values = [](Gpt& model) {
    return dynamic_cast<Linear&>(*(*model.blocks)[1].attention->qkv).weight.value();
  };
  EXPECT_EQ(values(first).to_vector(), values(second).to_vector());
}

TEST(Initialize, EqualShapesGetDifferentValues) {
  Gpt model(tiny_llama());
  initialize(model, 7);
  std::map<std::string, std::vector<float>> values;
  for (const auto& [path, parameter] : model.parameters()) {
    values[path] = parameter->value().to_vector();
  }
  EXPECT_NE(values.at("blocks.0.mlp.gate.weight"), values.at("blocks.0.mlp.up.weight"));
  EXPECT_NE(values.at("blocks.0.mlp.up.weight"), values.at("blocks.1.mlp.up.weight"));
}

TEST(Initialize, DeviationsAreThoseOfGpt2) {
  GptConfig config = tiny_gpt2();
  config.width = 96;
  config.hidden = 256;
  config.layers = 8;
  Gpt model(config);
  initialize(model, 1);
  for (const auto& [path, parameter] : model.parameters()) {
    const std::vector<float> values = parameter->value().to_vector();
    if (path.ends_with(".gain")) {
      EXPECT_THAT(values, testing::Each(1.0F)) << path;
    } else if (path.ends_with(".bias")) {
      EXPECT_THAT(values, testing::Each(0.0F)) << path;
    } else {
      const bool residual = path.ends_with("output.weight") || path.ends_with("down.weight");
      const double expected = residual ? 0.02 / std::sqrt(2.0 * 8.0) : 0.02;
      // The deviation of n samples scatters by 1 / sqrt(2 n): 2.2 % for the 1056 values of `positions`; four times
      // that.
      const double scatter = 4.0 / std::sqrt(2.0 * static_cast<double>(values.size()));
      EXPECT_NEAR(deviation(values) / expected, 1.0, scatter) << path;
    }
  }
}

}  // namespace
}  // namespace octet::initialize_test
