#include "eval/microscope/matrix_view.h"

#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "tests/support/error_of.h"

namespace octet::matrix_view_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor normal_matrix(std::int64_t rows, std::int64_t columns) {
  std::mt19937 engine(5);
  std::normal_distribution<float> weight(0.0F, 1.0F);
  Tensor matrix = Tensor::empty({rows, columns});
  for (float& x : matrix.span<float>()) x = weight(engine);
  return matrix;
}

/// 2 bits with clip 1: levels -1, 0, 1. By hand: 0.4 goes to 0, 0.6 and 3 to 1.
TEST(GridView, ByHand) {
  const std::vector<float> values = {0.4F, 0.6F, 3.0F, -1.0F};
  const GridView view = view_grid(values, 2, 1.0);
  EXPECT_THAT(view.counts, ElementsAre(1, 1, 2));
  EXPECT_EQ(view.used(), 3);
  EXPECT_NEAR(view.relative_mse, (0.16 + 0.16 + 4.0) / (0.16 + 0.36 + 9.0 + 1.0), 1e-7);
  EXPECT_EQ(view_grid(values, 8, 100.0).used(), 3) << "a step of 0.79: codes 1, 1, 4 and -1";
}

TEST(GridView, RefusesWhatIsNoGrid) {
  const std::vector<float> values = {1.0F};
  for (const int bits : {1, 9}) EXPECT_THAT(error_of([&] { view_grid(values, bits, 1.0); }), HasSubstr("2 to 8 bits"));
  EXPECT_THAT(error_of([&] { view_grid(values, 4, 0.0); }), HasSubstr("a clip above 0"));
}

/// A matrix of normal weights and one of 40 standard deviations: most levels are wasted, and a clip saves them.
TEST(MatrixView, AnOutlierWastesLevels) {
  Tensor matrix = normal_matrix(96, 128);
  matrix.span<float>()[1000] = 40.0F;
  const MatrixView view = view_matrix("w", "a test", matrix);
  EXPECT_EQ(view.max_abs, 40.0);
  EXPECT_EQ(view.full.counts.size(), 15U);
  EXPECT_LE(view.full.used(), 4) << "codes -1, 0 and 1 of the others, and 7 of the outlier";
  EXPECT_EQ(view.clipped.used(), 15);
  EXPECT_LT(view.clipped.relative_mse, view.full.relative_mse);
  EXPECT_NEAR(view.channel_max.front() * view.std, 40.0, 1e-6);
  EXPECT_LT(view.channel_max[1], 6.0);
}

/// The least error of normal values on a grid of 2^b - 1 levels with the best clip: Max 1960, "Quantizing for Minimum
/// Distortion", gives for 15 even levels about 0.0132 (it is 0.01154 for 16).
TEST(MatrixView, FindsTheKnownErrorOfNormalValues) {
  const MatrixView view = view_matrix("w", "a test", normal_matrix(256, 512));
  EXPECT_NEAR(view.clipped.relative_mse, 0.0130, 0.0004);
  for (const ClipCurve& curve : view.curves) {
    EXPECT_EQ(curve.relative_mse.size(), view.clips.size());
    for (const double mse : curve.relative_mse) EXPECT_GT(mse, std::exp2(-2.0 * static_cast<double>(curve.bits)));
  }
  for (const FormatView& format : view.formats) {
    EXPECT_GT(format.loss.relative_mse, std::exp2(-2.0 * format.loss.bits_per_weight)) << format.name;
  }
  ASSERT_EQ(view.cells.size(), 3U);
  for (const CellView& cell : view.cells) EXPECT_LE(cell.bits_that_carry, 4.0);
  EXPECT_GT(view.cells[1].bits_that_carry, view.cells[0].bits_that_carry) << "nf4 was made to use its levels alike";
}

/// The sample has the largest weight, as the code 32767, and is small.
TEST(MatrixView, TheSampleHoldsTheLargestWeight) {
  Tensor matrix = normal_matrix(100, 700);
  matrix.span<float>()[57 * 700 + 690] = -50.0F;
  const WeightSample sample = view_matrix("w", "a test", matrix).sample;
  EXPECT_EQ(sample.rows, 16);
  EXPECT_EQ(sample.columns, 256);
  EXPECT_EQ(sample.weights.size(), (16 * 256 * 2 + 2) / 3 * 4U);
  EXPECT_EQ(std::count(sample.row_max.begin(), sample.row_max.end(), 50.0), 1);
  // Row 57 is the tenth of 16 (100 * 9 / 16 = 56), and the stretch begins at column 416 = 13 * 32.
  EXPECT_EQ(sample.row_max[9], 50.0);
  const std::string code = base64_of(std::string("\x01\x80", 2)).substr(0, 2);  // -32767, little-endian
  EXPECT_THAT(sample.weights, HasSubstr(code));
}

TEST(MatrixView, SmallMatricesAreTakenWhole) {
  const WeightSample sample = view_matrix("w", "a test", normal_matrix(3, 40)).sample;
  EXPECT_EQ(sample.rows, 3);
  EXPECT_EQ(sample.columns, 40);
}

TEST(MatrixView, RefusesWhatHasNoBell) {
  Tensor matrix = Tensor::zeros({4, 8});
  EXPECT_THAT(error_of([&] { view_matrix("w", "a test", matrix); }), HasSubstr("w: expected weights that differ"));
  matrix.span<float>()[3] = NAN;
  EXPECT_THAT(error_of([&] { view_matrix("w", "a test", matrix); }), HasSubstr("w: expected finite weights"));
}

}  // namespace
}  // namespace octet::matrix_view_test
