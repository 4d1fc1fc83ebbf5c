#include "quant/low_rank.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "quant/gptq.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix matrix_of(const Tensor& w) {
  const Tensor dense = contiguous(w);
  return Eigen::Map<const RowMajor>(dense.data<float>(), w.dim(0), w.dim(1)).cast<double>();
}

Tensor tensor_of(const Matrix& matrix) {
  const Tensor result = Tensor::empty({matrix.rows(), matrix.cols()});
  Eigen::Map<RowMajor>(result.data<float>(), matrix.rows(), matrix.cols()) = matrix.cast<float>();
  return result;
}

Matrix matrix_of(const SecondMoments& moments) {
  const std::int64_t columns = moments.columns();
  Matrix result(columns, columns);
  for (std::int64_t i = 0; i < columns; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      result(i, j) = moments.at(i, j);
    }
  }
  return result;
}

/// The symmetric S with S S = H. Rounding may leave tiny negative eigenvalues of a singular H: they count as 0.
Matrix root_of(const Matrix& h) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(h);
  const Eigen::VectorXd roots = solver.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  return solver.eigenvectors() * roots.asDiagonal() * solver.eigenvectors().transpose();
}

/// U (R, r): found on the smaller side of the whitened error.
Matrix left_vectors(const Matrix& error, const Matrix& h, Eigen::Index rank) {
  if (error.rows() <= error.cols()) {
    return Eigen::SelfAdjointEigenSolver<Matrix>(error * h * error.transpose()).eigenvectors().rightCols(rank);
  }
  const Matrix whitened = error * root_of(h);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(whitened.transpose() * whitened);
  Matrix u = whitened * solver.eigenvectors().rightCols(rank);
  const double least = 1e-7 * std::sqrt(std::max(solver.eigenvalues().maxCoeff(), 0.0));
  for (Eigen::Index k = 0; k < rank; ++k) {
    const double length = u.col(k).norm();
    u.col(k) *= length > least ? 1.0 / length : 0.0;  // no error is left in that direction
  }
  return u;
}

/// The largest magnitudes of A's column k and B's row k become equal.
void balance(Matrix& a, Matrix& b) {
  for (Eigen::Index k = 0; k < a.cols(); ++k) {
    const double left = a.col(k).cwiseAbs().maxCoeff(), right = b.row(k).cwiseAbs().maxCoeff();
    const double factor = left > 0.0 && right > 0.0 ? std::sqrt(right / left) : 0.0;
    a.col(k) *= factor;
    b.row(k) *= factor > 0.0 ? 1.0 / factor : 0.0;
  }
}

}  // namespace

LowRank low_rank_correction(const Tensor& error, const SecondMoments& inputs, std::int64_t rank) {
  if (rank < 1 || rank > std::min(error.dim(0), error.dim(1))) {
    fail(ErrorKind::config, "[low rank] expected a rank from 1 to {} for a matrix {}, got {}",
         std::min(error.dim(0), error.dim(1)), error.shape(), rank);
  }
  check(inputs.columns() == error.dim(1), "[low rank] expected inputs of {} columns, got {}", error.dim(1),
        inputs.columns());
  const Matrix e = matrix_of(error);
  Matrix a = left_vectors(e, matrix_of(inputs), rank);
  Matrix b = a.transpose() * e;
  balance(a, b);
  return LowRank::quantize(tensor_of(a), tensor_of(b));
}

Tensor missing_of(const Tensor& w, const Tensor& rounded, const LayerMoments& inputs) {
  const Matrix before = matrix_of(w), after = matrix_of(rounded);
  if (inputs.mixed.count() == 0) {
    return tensor_of(before - after);
  }
  Matrix h = matrix_of(inputs.inputs), g = matrix_of(inputs.mixed);
  const double added = GptqSettings().damping * h.diagonal().mean();
  h.diagonal().array() += added;
  g.diagonal().array() += added;
  const Matrix lacks = before * g.transpose() - after * h;  // E H
  return tensor_of(Eigen::LDLT<Matrix>(h).solve(lacks.transpose()).transpose());
}

}  // namespace octet
