#include "eval/calibration/calibrate.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/calibration/observe.h"
#include "tests/eval/tiny_models.h"

namespace octet {
namespace {

TEST(Calibrate, FindsTheLargestInputOfEveryLayer) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 4);
  const auto windows = tiny_windows(6, 8);
  std::map<std::string, float> largest;
  observe_inputs(model, windows, 1, [&](const std::string& path, const Tensor& x) {
    for (const float value : x.span<float>()) {
      largest[path] = std::max(largest[path], std::fabs(value));
    }
  });
  const InputScales scales = calibrate(model, windows, {.windows = 6, .percentile = 100}, 1);
  EXPECT_EQ(scales.size(), largest.size());
  for (const auto& [path, scale] : scales) {
    EXPECT_EQ(scale, largest.at(path) / 127.0F) << path;
  }
  const InputScales fewer = calibrate(model, windows, {.windows = 6, .percentile = 90}, 1);
  for (const auto& [path, scale] : fewer) {
    EXPECT_LT(scale, scales.at(path)) << path;
  }
}

TEST(Calibrate, ReadsAsManyWindowsAsAskedFor) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 4);
  const auto windows = tiny_windows(6, 8);
  const InputScales one = calibrate(model, windows, {.windows = 1, .percentile = 100});
  EXPECT_EQ(one, calibrate(model, {windows.front()}, {.windows = 1, .percentile = 100}));
  EXPECT_NE(one, calibrate(model, windows, {.windows = 6, .percentile = 100}));
  EXPECT_THROW(calibrate(model, {}, {}), Error);
}

}  // namespace
}  // namespace octet
