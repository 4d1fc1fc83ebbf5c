#include "quant/low_rank.h"

#include <Eigen/LU>
#include <Eigen/SVD>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/layers/quantized_matrix.h"
#include "quant/gptq.h"
#include "quant/quantize_matrix.h"
#include "quant/search.h"
#include "tensor/ops/matmul.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"

namespace octet::low_rank_test {
namespace {

using Matrix = Eigen::MatrixXd;

/// Inputs (N, C) whose columns depend on each other, as those of layers do, and differ in size.
Tensor dependent_inputs(std::int64_t count, std::int64_t columns, std::uint64_t seed) {
  const Tensor mixing = random_tensor({columns, columns}, seed);
  for (std::int64_t i = 0; i < columns; ++i) {
    mixing.data<float>()[i * columns + i] += static_cast<float>(1 + i % 5);
  }
  return matmul(random_tensor({count, columns}, seed + 1), mixing);
}

LayerMoments moments_of(const Tensor& x) {
  LayerMoments moments;
  moments.inputs.add(x);
  return moments;
}

Matrix matrix_of(const Tensor& t) {
  Matrix result(t.dim(0), t.dim(1));
  for (std::int64_t i = 0; i < t.elements(); ++i) {
    result(i / t.dim(1), i % t.dim(1)) = t.data<float>()[i];
  }
  return result;
}

/// sum over the inputs of |(E - A B) x|^2, from the inputs themselves.
double left_over(const Tensor& error, const LowRank& correction, const Tensor& x) {
  const Matrix rest =
      matrix_of(error) - matrix_of(dequantize(correction.left())) * matrix_of(dequantize(correction.right()));
  return (rest * matrix_of(x).transpose()).squaredNorm();
}

struct Case {
  std::int64_t rows, columns;
};
constexpr Case kCases[] = {{24, 40}, {40, 24}, {17, 17}};

// What FP16 leaves of an error of two bits, relative to the outputs. Measured: at most 8e-5.
constexpr double kFullRankBound = 5e-4;

TEST(LowRank, OfFullRankGivesBackTheProductOfFp32) {
  for (const auto& [rows, columns] : kCases) {
    const Tensor w = random_tensor({rows, columns}, 1), x = dependent_inputs(200, columns, 2);
    WeightScheme scheme{.bits = 2, .granularity = Granularity::per_group, .group = 8};
    scheme.low_rank = std::min(rows, columns);
    const LayerMoments moments = moments_of(x);
    QuantizedMatrixResult result = quantize_matrix(w, scheme, &moments);
    const QuantizedMatrix matrix(result.weight, Activations::weight_only, result.low_rank);
    const Matrix wanted = matrix_of(x) * matrix_of(w).transpose(), got = matrix_of(matrix.project(x));
    EXPECT_LT((got - wanted).norm(), kFullRankBound * wanted.norm());
    const QuantizedMatrix without(result.weight, Activations::weight_only);
    EXPECT_GT((matrix_of(without.project(x)) - wanted).norm(), 0.1 * wanted.norm());
  }
}

// A and B in FP16, relative to the whole error. Measured: at most 9.2e-8.
constexpr double kSpectrumBound = 1e-6;

// Eckart and Young: what rank r cannot reach is the sum of the smaller squared singular values of the error of outputs.
TEST(LowRank, LeavesTheRestOfTheSpectrum) {
  for (const auto& [rows, columns] : kCases) {
    const Tensor error = random_tensor({rows, columns}, 3, 0.01F), x = dependent_inputs(200, columns, 4);
    const Eigen::VectorXd values =
        Eigen::JacobiSVD<Matrix>(matrix_of(error) * matrix_of(x).transpose()).singularValues();
    for (const std::int64_t rank : {1, 3, 8, 16}) {
      const LowRank correction = low_rank_correction(error, moments_of(x).inputs, rank);
      const double rest = values.tail(values.size() - rank).squaredNorm();
      const double whole = values.squaredNorm();
      EXPECT_NEAR(left_over(error, correction, x) / whole, rest / whole, kSpectrumBound)
          << rows << " " << columns << " " << rank;
    }
  }
}

// Alternating least squares finds the same, from any start; the best correction of the weights alone is worse.
TEST(LowRank, NothingElseOfThatRankIsBetter) {
  constexpr std::int64_t kRank = 3;
  const Tensor error = random_tensor({20, 12}, 5, 0.01F), x = dependent_inputs(100, 12, 6);
  const double best = left_over(error, low_rank_correction(error, moments_of(x).inputs, kRank), x);
  const Matrix e = matrix_of(error), h = matrix_of(x).transpose() * matrix_of(x);
  Matrix b = matrix_of(random_tensor({kRank, 12}, 7)), a;
  for (int step = 0; step < 500; ++step) {
    a = e * h * b.transpose() * (b * h * b.transpose()).inverse();
    b = (a.transpose() * a).inverse() * a.transpose() * e;
  }
  const double searched = ((e - a * b) * matrix_of(x).transpose()).squaredNorm();
  EXPECT_NEAR(searched / best, 1.0, 1e-4);

  SecondMoments identity;
  const Tensor ones = Tensor::zeros({12, 12});
  for (std::int64_t i = 0; i < 12; ++i) {
    ones.data<float>()[i * 13] = 1.0F;
  }
  identity.add(ones);
  EXPECT_GT(left_over(error, low_rank_correction(error, identity, kRank), x),
            1.3 * best);  // measured: 1.6 times as much
}

TEST(LowRank, TakesInputsThatDependOnEachOther) {
  for (const auto& [rows, columns] : kCases) {
    const Tensor error = random_tensor({rows, columns}, 8, 0.01F), x = dependent_inputs(2, columns, 9);  // H of rank 2
    const LowRank correction = low_rank_correction(error, moments_of(x).inputs, 2);
    const double before = (matrix_of(error) * matrix_of(x).transpose()).squaredNorm();
    EXPECT_LT(left_over(error, correction, x), 1e-5 * before);
  }
}

/// sum over the inputs of |W x - (Q + A B) x'|^2
double output_error(const Tensor& w, const Tensor& x, const QuantizedMatrix& matrix, const Tensor& x_now) {
  return (matrix_of(x) * matrix_of(w).transpose() - matrix_of(x_now) * matrix_of(matrix.dequantized()).transpose())
      .squaredNorm();
}

TEST(LowRank, CorrectsWhatEarlierLayersHaveChanged) {
  const Tensor w = random_tensor({16, 24}, 10), x = dependent_inputs(300, 24, 11);
  Tensor x_now = x.clone();
  const Tensor shift = random_tensor(x.shape(), 12, 0.2F);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x_now.data<float>()[i] = 0.8F * x.data<float>()[i] + shift.data<float>()[i];
  }
  LayerMoments moments;
  moments.inputs.add(x_now);
  const Tensor same = missing_of(w, Tensor::zeros(w.shape()), moments);
  EXPECT_EQ(same.to_vector(), w.to_vector());
  moments.mixed.add(x_now, x);
  WeightScheme scheme{.bits = 3, .granularity = Granularity::per_group, .group = 8, .method = RoundingMethod::qronos};
  scheme.low_rank = 4;
  const QuantizedMatrixResult result = quantize_matrix(w, scheme, &moments);
  const QuantizedMatrix corrected(result.weight, Activations::weight_only, result.low_rank);
  const QuantizedMatrix alone(result.weight, Activations::weight_only);
  LayerMoments without_mixed;
  without_mixed.inputs = moments.inputs;
  const Tensor towards_w = missing_of(w, dequantize(result.weight), without_mixed);
  const QuantizedMatrix back(result.weight, Activations::weight_only,
                             low_rank_correction(towards_w, moments.inputs, 4));
  EXPECT_LT(output_error(w, x, corrected, x_now), 0.6 * output_error(w, x, alone, x_now));  // measured: 0.40
  EXPECT_LT(output_error(w, x, corrected, x_now), 0.3 * output_error(w, x, back, x_now));   // measured: 0.16
  moments.mixed = moments.inputs;                                                           // no mismatch: E = W - Q
  const Tensor difference = missing_of(w, dequantize(result.weight), moments);
  for (std::int64_t i = 0; i < w.elements(); ++i) {
    EXPECT_NEAR(difference.data<float>()[i], towards_w.data<float>()[i], 1e-6);
  }
}

TEST(LowRank, RefusesRanksAndInputsThatDoNotFit) {
  const Tensor error = random_tensor({4, 6}, 1);
  const SecondMoments inputs = moments_of(random_tensor({9, 6}, 2)).inputs;
  for (const std::int64_t rank : {0, 5}) {
    EXPECT_THAT(error_of(ErrorKind::config, [&] { low_rank_correction(error, inputs, rank); }),
                testing::HasSubstr("expected a rank from 1 to 4 for a matrix (4, 6), got"));
  }
  const SecondMoments others = moments_of(random_tensor({9, 5}, 2)).inputs;
  EXPECT_THAT(error_of(ErrorKind::run, [&] { low_rank_correction(error, others, 1); }),
              testing::HasSubstr("expected inputs of 6 columns, got 5"));
}

}  // namespace
}  // namespace octet::low_rank_test
