#include "eval/explain/product_moments.h"

#include <cmath>

#include "eval/outliers/histogram.h"
#include "quant/second_moments.h"

namespace octet {
namespace {

/// sum over rows of a a^T, times `factor`.
std::vector<double> moments_of_rows(const Tensor& a, double factor) {
  SecondMoments sums;
  sums.add(a);
  std::vector<double> moments;
  moments.reserve(static_cast<std::size_t>(sums.columns() * sums.columns()));
  for (std::int64_t i = 0; i < sums.columns(); ++i) {
    for (std::int64_t j = 0; j < sums.columns(); ++j) moments.push_back(factor * sums.at(i, j));
  }
  return moments;
}

}  // namespace

ProductMoments::ProductMoments(const Tensor& x, const Tensor& w)
    : columns_(x.dim(1)),
      inputs_(moments_of_rows(x, 1.0 / static_cast<double>(x.dim(0)))),
      weights_(moments_of_rows(w, 1.0)) {
  check(x.dim(1) == w.dim(1), "[explain] expected inputs and weights of the same columns, got {} and {}", x.shape(),
        w.shape());
  for (std::size_t i = 0; i < inputs_.size(); ++i) signal_ += inputs_[i] * weights_[i];
}

/// What is lost of y where of column j the share `shares[j]` is.
double ProductMoments::lost(std::span<const double> shares) const {
  double sum = 0;
  for (std::size_t j = 0; j < shares.size(); ++j) {
    if (shares[j] == 0.0) continue;
    double row = 0;
    for (std::size_t k = 0; k < shares.size(); ++k) {
      row += weights_[j * shares.size() + k] * inputs_[j * shares.size() + k] * shares[k];
    }
    sum += shares[j] * row;
  }
  return sum;
}

double ProductMoments::error(std::span<const ColumnNoise> inputs) const {
  std::vector<double> shares;
  double noise = 0;
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    shares.push_back(1 - inputs[j].gain);
    noise += weight_square(j) * inputs[j].noise;
  }
  return lost(shares) + noise;
}

double relative_error(const Tensor& exact, const Tensor& y) {
  return std::pow(10.0, -measure_error(exact.span<float>(), y.span<float>()).snr_db / 10);
}

}  // namespace octet
