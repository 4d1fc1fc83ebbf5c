#include "quant/transforms/rotate.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/observe.h"
#include "quant/transforms/rotation.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"

namespace octet::rotate_test {
namespace {

using testing::HasSubstr;
using Kind = Rotation::Kind;

TEST(Rotation, KeepsProductsOfVectors) {
  for (const Kind kind : {Kind::spreading, Kind::keeping_mean}) {
    for (const std::int64_t n : {1, 4, 12, 20, 28, 96}) {
      const Rotation rotation(n, kind, Random(3));
      const auto row = [&](std::int64_t i) {
        std::vector<double> x(static_cast<std::size_t>(n), 0.0);
        x[static_cast<std::size_t>(i)] = 1.0;
        rotation.apply(x);
        return x;
      };
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t k = 0; k < n; ++k) {
          const std::vector<double> a = row(i), b = row(k);
          ASSERT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), i == k ? 1.0 : 0.0, 1e-14) << n;
        }
      }
    }
  }
}

TEST(Rotation, SpreadsAChannelEvenly) {
  std::vector<double> x(48, 0.0);
  x[7] = 2.0;
  Rotation(48, Kind::spreading, Random(3)).apply(x);
  for (const double value : x) {
    EXPECT_NEAR(std::fabs(value), 2.0 / std::sqrt(48.0), 1e-14);
  }
}

TEST(Rotation, KeepsTheMeanWhereAsked) {
  const Tensor values = random_tensor({48}, 5, 1.0F, 0.5F);
  const auto mean_after = [&](Kind kind) {
    std::vector<double> x(values.data<float>(), values.data<float>() + 48);
    Rotation(48, kind, Random(3)).apply(x);
    return std::accumulate(x.begin(), x.end(), 0.0) / 48.0;
  };
  const std::vector<float> x = values.to_vector();
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / 48.0;
  EXPECT_NEAR(mean_after(Kind::keeping_mean), mean, 1e-14);
  EXPECT_GT(std::fabs(mean_after(Kind::spreading) - mean), 1e-3);
}

TEST(Rotation, ColumnsTurnAgainstRows) {
  const Rotation rotation(4, Kind::spreading, Random(3));
  // y = x W^T through 8 values, where the parts of 4 that lie between the layers are rotated.
  const Tensor writer = random_tensor({10, 3}, 1), reader = random_tensor({2, 8}, 2);
  const auto product = [&] {
    std::vector<double> sums;
    for (std::int64_t i = 0; i < 2; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        double sum = 0;
        for (std::int64_t k = 0; k < 8; ++k) {
          sum += static_cast<double>(reader.data<float>()[i * 8 + k]) *
                 static_cast<double>(writer.data<float>()[(k + 2) * 3 + j]);
        }
        sums.push_back(sum);
      }
    }
    return sums;
  };
  const std::vector<double> before = product();
  rotate_columns(writer, 2, 8, rotation);
  EXPECT_GT(std::fabs(product()[0] - before[0]), 1e-2);
  rotate_rows(reader, rotation);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(product()[i], before[i], 1e-6);
  }
  EXPECT_THAT(error_of([&] { rotate_rows(random_tensor({2, 6}, 1), rotation); }), HasSubstr("a multiple of 4 values"));
  EXPECT_THAT(error_of([&] { rotate_columns(writer, 4, 8, rotation); }), HasSubstr("of (10, 3), got 8 from row 4"));
}

// Measured at most 9.6e-7 of the largest logit.
constexpr double kSameFunction = 1e-5;

TEST(Rotate, LeavesTheFunctionAsItIs) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const Tensor expected = logits_of(model);
    for (const std::uint64_t seed : {1, 2}) {
      const auto rotated = fp32_copy(model, HeadOfCopy::untied);
      rotate(*rotated, {.seed = seed});
      EXPECT_LT(relative_error(logits_of(*rotated), expected), kSameFunction);
      EXPECT_GT(
          relative_error(NamedTensors(*rotated).at("embedding.weight"), NamedTensors(model).at("embedding.weight")),
          0.1);
      EXPECT_THAT(NamedTensors(*rotated).at("norm.gain").to_vector(), testing::Each(1.0F));
    }
  }
}

/// The largest magnitude over the root of the mean square, and the kurtosis, of what the layer reads: 1 and 1 for
/// signs, about 3.5 and 3 for a thousand normal values.
struct Peaks {
  double largest_to_rms, kurtosis;
};
Peaks peaks_of(Gpt& model, const std::string& layer) {
  double largest = 0, square = 0, fourth = 0, count = 0;
  observe_inputs(model, transform_batches(model.config()), [&](const std::string& path, const Tensor& x) {
    for (std::int64_t i = 0; path == layer && i < x.elements(); ++i) {
      const double value = static_cast<double>(x.data<float>()[i]);
      largest = std::max(largest, std::fabs(value));
      square += value * value;
      fourth += value * value * value * value;
      ++count;
    }
  });
  return {largest / std::sqrt(square / count), fourth * count / (square * square)};
}

TEST(Rotate, FlattensWhatLayersRead) {
  for (const GptConfig& config : {wider(tiny_llama()), wider(tiny_gpt2())}) {
    Gpt model(config);
    fill_randomly(model, 1, 0.05F);
    plant_outliers(model, 40.0F);
    const auto untied = fp32_copy(model, HeadOfCopy::untied), rotated = fp32_copy(model, HeadOfCopy::untied);
    rotate(*rotated, {});
    for (const char* layer : {"blocks.0.attention.qkv", "blocks.1.mlp.up", "head"}) {
      const Peaks before = peaks_of(*untied, layer), after = peaks_of(*rotated, layer);
      EXPECT_LT(after.largest_to_rms, 0.6 * before.largest_to_rms) << layer;  // measured 7.4 to 7.8, then 3.2 to 4.0
      EXPECT_GT(before.kurtosis, 10) << layer;                                // measured 15 to 39
      EXPECT_LT(after.kurtosis, 5) << layer;                                  // measured 1.7 to 3.3
    }
  }
}

void expect_refused(const GptConfig& config, const std::string& message, const std::function<void(Gpt&)>& spoil = {}) {
  Gpt model(config);
  fill_randomly(model, 1);
  if (spoil) {
    spoil(model);
  }
  const std::vector<float> before = values_of(model);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { rotate(model, {}); }), HasSubstr(message));
  EXPECT_EQ(values_of(model), before);
}

TEST(Rotate, RefusesWhatItCannotRotate) {
  GptConfig config = tiny_llama();
  config.tied_head = true;
  expect_refused(config, "rotate: expected a model whose head is a matrix of its own, got a tied one");
  config = tiny_llama();
  config.width = 36 * 3;
  config.heads = 2;
  config.kv_heads = 1;
  expect_refused(config, "the head size of the model: [hadamard] expected a width of 2^k");
  config.width = 52;
  expect_refused(config,
                 "rotate: the width of the model: [hadamard] expected a width of 2^k, or of 2^k times 12, 20, 28 "
                 "or another order that has a Paley matrix, got 52");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { check_rotatable(config, {}); }), HasSubstr("Paley matrix, got 52"));
  check_rotatable(tiny_llama(), {});
  config = tiny_gpt2();
  config.tied_head = false;
  expect_refused(config, "rotate: expected no gain of 0 beside a bias in the last norm, got one in channel 7",
                 [](Gpt& model) { NamedTensors(model).at("norm.gain").data<float>()[7] = 0.0F; });
}

}  // namespace
}  // namespace octet::rotate_test
