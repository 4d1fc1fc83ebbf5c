#include "quant/calibrate.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/initialize.h"
#include "nn/observe.h"
#include "tests/support/tiny_gpt.h"

namespace octet::calibrate_test {
namespace {

TEST(Calibrate, FindsTheLargestInputOfEveryLayer) {
  Gpt model(tiny_llama());
  initialize(model, 4);
  const std::vector<Tensor> batches = {random_ids(2, 5, 23, 1), random_ids(2, 5, 23, 2), random_ids(2, 5, 23, 3)};
  std::map<std::string, float> largest;
  observe_inputs(model, batches, [&](const std::string& path, const Tensor& x) {
    for (const float value : x.span<float>()) {
      largest[path] = std::max(largest[path], std::fabs(value));
    }
  });
  const Calibration calibration = calibrate(model, batches);
  EXPECT_EQ(calibration.layers.size(), largest.size());
  for (const auto& [path, inputs] : calibration.layers) {
    EXPECT_EQ(inputs.range.limit(100), largest.at(path)) << path;
    EXPECT_LT(inputs.range.limit(90), inputs.range.limit(100)) << path;
  }
}

TEST(Calibrate, ReadsEveryBatch) {
  Gpt model(tiny_gpt2());
  initialize(model, 4);
  const std::vector<Tensor> batches = {random_ids(2, 5, 23, 1), random_ids(2, 5, 23, 2), random_ids(2, 5, 23, 3)};
  const Calibration all = calibrate(model, batches), one = calibrate(model, {batches.data(), 1});
  EXPECT_EQ(all.of("blocks.0.mlp.up").range.count(), 3 * one.of("blocks.0.mlp.up").range.count());
  EXPECT_THAT([&] { calibrate(model, {}); }, testing::ThrowsMessage<Error>(testing::HasSubstr("at least one batch")));
  EXPECT_THAT([&] { all.of("blocks.7.mlp.up"); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("inputs of \"blocks.7.mlp.up\", got none")));
}

}  // namespace
}  // namespace octet::calibrate_test
