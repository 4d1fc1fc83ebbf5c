#include "train/optim/newton_schulz.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/train/optimizer_sample.h"

namespace octet::newton_schulz_test {
namespace {

/// A plain matrix in double.
struct Matrix {
  std::int64_t rows, columns;
  std::vector<double> values;

  Matrix(std::int64_t r, std::int64_t c) : rows(r), columns(c), values(static_cast<std::size_t>(r * c)) {}
  double& at(std::int64_t i, std::int64_t j) { return values[static_cast<std::size_t>(i * columns + j)]; }
  double at(std::int64_t i, std::int64_t j) const { return values[static_cast<std::size_t>(i * columns + j)]; }
};

Matrix from_tensor(const Tensor& tensor) {
  Matrix matrix(tensor.dim(0), tensor.dim(1));
  const auto values = tensor.span<float>();
  matrix.values.assign(values.begin(), values.end());
  return matrix;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.columns);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < b.columns; ++j) {
      for (std::int64_t k = 0; k < a.columns; ++k) {
        c.at(i, j) += a.at(i, k) * b.at(k, j);
      }
    }
  }
  return c;
}

Matrix transpose(const Matrix& a) {
  Matrix t(a.columns, a.rows);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < a.columns; ++j) {
      t.at(j, i) = a.at(i, j);
    }
  }
  return t;
}

/// The formula as it stands in the header, always from the left.
Matrix plain_newton_schulz(Matrix x) {
  double squares = 0.0;
  for (const double value : x.values) {
    squares += value * value;
  }
  for (double& value : x.values) {
    value /= std::sqrt(squares);
  }
  for (int i = 0; i < 5; ++i) {
    const Matrix a = product(x, transpose(x));
    const Matrix ax = product(a, x);
    const Matrix aax = product(a, ax);
    for (std::size_t j = 0; j < x.values.size(); ++j) {
      x.values[j] = 3.4445 * x.values[j] - 4.7750 * ax.values[j] + 2.0315 * aax.values[j];
    }
  }
  return x;
}

/// Eigenvalues of a symmetric matrix by Jacobi rotations.
std::vector<double> eigenvalues(Matrix a) {
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::int64_t p = 0; p < a.rows; ++p) {
      for (std::int64_t q = p + 1; q < a.rows; ++q) {
        const double angle = 0.5 * std::atan2(2.0 * a.at(p, q), a.at(q, q) - a.at(p, p));
        const double c = std::cos(angle);
        const double s = std::sin(angle);
        for (std::int64_t k = 0; k < a.rows; ++k) {
          const double kp = a.at(k, p);
          const double kq = a.at(k, q);
          a.at(k, p) = c * kp - s * kq;
          a.at(k, q) = s * kp + c * kq;
        }
        for (std::int64_t k = 0; k < a.rows; ++k) {
          const double pk = a.at(p, k);
          const double qk = a.at(q, k);
          a.at(p, k) = c * pk - s * qk;
          a.at(q, k) = s * pk + c * qk;
        }
      }
    }
  }
  std::vector<double> values;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    values.push_back(a.at(i, i));
  }
  return values;
}

std::vector<double> singular_values(const Matrix& x) {
  std::vector<double> values = eigenvalues(x.rows <= x.columns ? product(x, transpose(x)) : product(transpose(x), x));
  for (double& value : values) {
    value = std::sqrt(std::max(value, 0.0));
  }
  return values;
}

const std::vector<Shape> kShapes = {{1, 1},   {1, 7},   {7, 1},   {16, 16},  {20, 64},  {64, 20},
                                    {33, 17}, {48, 48}, {65, 70}, {200, 40}, {130, 301}};

TEST(NewtonSchulz, EqualsThePlainFormulaInDouble) {
  constexpr double kTolerance = 2e-5;  // FP32 against double through five iterations
  for (const Shape& shape : kShapes) {
    const Tensor x = LooseParameters::random(shape, 1);
    const Matrix expected = plain_newton_schulz(from_tensor(x));
    const Matrix actual = from_tensor(newton_schulz(x));
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
      ASSERT_NEAR(actual.values[i], expected.values[i], kTolerance) << shape.str() << " at " << i;
    }
  }
}

TEST(NewtonSchulz, BringsSingularValuesNearOne) {
  constexpr double kLow = 0.65;  // the band that the coefficients were chosen for is about 0.7 to 1.2
  constexpr double kHigh = 1.25;
  // Not square: a random square matrix has a singular value near 0 that five iterations cannot lift.
  for (const Shape& shape : std::vector<Shape>{{1, 1}, {1, 7}, {7, 1}, {20, 64}, {64, 20}, {33, 17}, {48, 64}}) {
    const Tensor x = LooseParameters::random(shape, 2);
    for (const double value : singular_values(from_tensor(newton_schulz(x)))) {
      EXPECT_GT(value, kLow) << shape.str();
      EXPECT_LT(value, kHigh) << shape.str();
    }
  }
}

TEST(NewtonSchulz, IgnoresTheSizeOfItsInput) {
  const Tensor x = LooseParameters::random({8, 24}, 3);
  Tensor large = x.clone();
  for (float& value : large.span<float>()) {
    value *= 1024.0F;  // a power of two: every step rounds alike
  }
  EXPECT_EQ(newton_schulz(large).to_vector(), newton_schulz(x).to_vector());
}

TEST(NewtonSchulz, LeavesAZeroMatrixZero) {
  EXPECT_EQ(newton_schulz(Tensor::zeros({4, 6})).to_vector(), std::vector<float>(24, 0.0F));
}

TEST(NewtonSchulz, LeavesItsInputAlone) {
  const Tensor x = LooseParameters::random({20, 64}, 4);
  const std::vector<float> before = x.to_vector();
  newton_schulz(x);
  EXPECT_EQ(x.to_vector(), before);
}

}  // namespace
}  // namespace octet::newton_schulz_test
