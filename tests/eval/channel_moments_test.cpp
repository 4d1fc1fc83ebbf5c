#include "eval/explain/channel_moments.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"
#include "eval/explain/product_moments.h"
#include "tensor/ops/linear.h"

namespace octet::channel_moments_test {
namespace {

constexpr std::int64_t kRows = 4000, kColumns = 24, kOutputs = 6;

/// Normal values with deviation 1, plus `mean`.
Tensor normal_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed, float mean = 0) {
  const Tensor m = Tensor::empty({rows, columns});
  const Random random(seed, 0);
  for (std::int64_t i = 0; i < m.elements(); ++i) {
    m.data<float>()[i] = mean + random.normal(static_cast<std::uint64_t>(i));
  }
  return m;
}

/// Weights on a grid of halves.
Tensor rounded(const Tensor& w) {
  const Tensor q = w.clone();
  for (float& value : q.span<float>()) value = std::round(2 * value) / 2;
  return q;
}

/// predicted / measured.
double quality(const Tensor& x, const Tensor& w) {
  const Tensor y = linear(x, w), q = rounded(w);
  double signal = 0;
  for (const float value : y.span<float>())
    signal += static_cast<double>(value) * value / static_cast<double>(x.dim(0));
  return ChannelMoments(x).error_of(w, q) / signal / relative_error(y, linear(x, q));
}

TEST(ChannelMoments, AreMeanAndVarianceOfEachChannel) {
  const ChannelMoments moments(Tensor::from(std::vector<float>{1, 10, 3, 10, 5, 10}, {3, 2}));
  EXPECT_DOUBLE_EQ(moments.mean[0], 3);
  EXPECT_NEAR(moments.variance[0], 8.0 / 3, 1e-12);
  EXPECT_NEAR(moments.mean[1], 10, 1e-12);
  EXPECT_NEAR(moments.variance[1], 0, 1e-12);
}

/// By hand: two outputs, errors (1, -2) and (0, 3), means (5, 1), variances (1, 4).
TEST(ChannelMoments, ErrorsAddUpAlongTheMeanAndScatterAroundIt) {
  const Tensor x = Tensor::from(std::vector<float>{4, 3, 6, 3, 4, -1, 6, -1}, {4, 2});
  const Tensor w = Tensor::zeros({2, 2}), q = Tensor::from(std::vector<float>{1, -2, 0, 3}, {2, 2});
  EXPECT_NEAR(ChannelMoments(x).error_of(w, q), (3 * 3 + 1 + 16) + (3 * 3 + 36), 1e-12);
}

// 4,000 inputs of 24 channels: each covariance is 0 within 1 / sqrt(4000). Seen: 0.6 % and 0.1 %.
TEST(ChannelMoments, PredictWhereChannelsAreIndependent) {
  EXPECT_NEAR(quality(normal_matrix(kRows, kColumns, 1), normal_matrix(kOutputs, kColumns, 2)), 1, 0.03);
  EXPECT_NEAR(quality(normal_matrix(kRows, kColumns, 1, 3.0F), normal_matrix(kOutputs, kColumns, 2)), 1, 0.03);
}

/// What the header says is left out: two channels that always go together.
TEST(ChannelMoments, MissWhereChannelsGoTogether) {
  const Tensor x = normal_matrix(kRows, 2, 1);
  for (std::int64_t row = 0; row < kRows; ++row) x.data<float>()[2 * row + 1] = x.data<float>()[2 * row];
  const Tensor w = Tensor::from(std::vector<float>{0.7F, 0.7F}, {1, 2});  // both errors are -0.2 and add up
  EXPECT_NEAR(quality(x, w), 0.5, 0.01);
}

TEST(ChannelMoments, RefuseOtherColumns) {
  EXPECT_THROW(ChannelMoments(Tensor::zeros({4, 3})).error_of(Tensor::zeros({2, 4}), Tensor::zeros({2, 4})), Error);
}

}  // namespace
}  // namespace octet::channel_moments_test
