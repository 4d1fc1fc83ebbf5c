#include "quant/gptq.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "quant/scales.h"

namespace octet {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows of w that one thread rounds at a time; they lie side by side, so that they pass errors on together.
constexpr std::int64_t kRows = 16;
/// Errors are passed on to columns within a block at once and to the others at its end, for many columns together.
constexpr std::int64_t kBlock = 128;

/// The columns in the order in which they are rounded.
std::vector<std::int64_t> order_of(const SecondMoments& inputs, std::int64_t run, bool reorder) {
  const std::int64_t columns = inputs.columns();
  std::vector<std::int64_t> order(static_cast<std::size_t>(columns));
  std::iota(order.begin(), order.end(), 0);
  if (!reorder) {
    return order;
  }
  const auto larger = [&](std::int64_t a, std::int64_t b) { return inputs.at(a, a) > inputs.at(b, b); };
  std::vector<std::span<std::int64_t>> groups;
  for (std::int64_t begin = 0; begin < columns; begin += run) {
    groups.push_back(std::span(order).subspan(static_cast<std::size_t>(begin),
                                              static_cast<std::size_t>(std::min(run, columns - begin))));
    std::stable_sort(groups.back().begin(), groups.back().end(), larger);
  }
  std::stable_sort(groups.begin(), groups.end(), [&](const auto& a, const auto& b) { return larger(a[0], b[0]); });
  std::vector<std::int64_t> sorted;
  for (const auto& group : groups) {
    sorted.insert(sorted.end(), group.begin(), group.end());
  }
  return sorted;
}

Matrix in_order(const SecondMoments& moments, const std::vector<std::int64_t>& order) {
  const auto columns = static_cast<Eigen::Index>(order.size());
  Matrix sorted(columns, columns);
  for (Eigen::Index i = 0; i < columns; ++i) {
    for (Eigen::Index j = 0; j < columns; ++j) {
      sorted(i, j) = moments.at(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
    }
  }
  return sorted;
}

/// What rounding in a given order needs to know of H.
struct Feedback {
  RowMajor shares;             // (C, C): the share of the error of column i that column j > i takes, U_ij / U_ii
  std::vector<float> weights;  // (C): 1 / U_ii^2
  double damping;              // as a share of the mean of the diagonal
  double added;                // to the diagonal
};

/// H + damping = A A^T with A upper triangular, so U = A^-1: the Cholesky factor of H with rows and columns reversed.
Feedback feedback_of(const Matrix& h, double damping) {
  constexpr double kMost = 1e6;  // times the mean of the diagonal: H is as good as a multiple of the identity
  const double mean = std::max(h.diagonal().mean(), 1e-30);
  for (;; damping = std::max(10 * damping, 1e-6)) {
    Matrix damped = h.reverse();
    damped.diagonal().array() += damping * mean;
    const Eigen::LLT<Matrix> factor(damped);
    if (factor.info() != Eigen::Success) {
      check(damping < kMost, "[gptq] expected second moments of inputs, got a matrix that is not positive definite");
      continue;
    }
    const Matrix a = Matrix(factor.matrixL()).reverse();
    const Matrix u = a.triangularView<Eigen::Upper>().solve(Matrix::Identity(h.rows(), h.cols()));
    Feedback feedback{.shares = (u.diagonal().cwiseInverse().asDiagonal() * u).cast<float>(),
                      .weights = {},
                      .damping = damping,
                      .added = damping * mean};
    for (Eigen::Index i = 0; i < h.rows(); ++i) {
      feedback.weights.push_back(static_cast<float>(a(i, i) * a(i, i)));
    }
    return feedback;
  }
}

/// Some rows of w while they are rounded. Place i of a row is its column order[i].
class RowPanel {
 public:
  /// `values` (C, R) by place.
  RowPanel(const RowMajor& values, std::int64_t first, std::int64_t count, const std::vector<std::int64_t>& order,
           const Feedback& feedback, Rounder& rounder)
      : first_(first), count_(count), order_(order), feedback_(feedback), rounder_(rounder), values_(order.size()) {
    for (std::int64_t i = 0; i < size(); ++i) {
      std::copy_n(values.data() + i * values.cols() + first, count, lane(i).begin());
    }
  }

  /// Finds the scales of the group that begins at `place`, from what its values are now.
  void fit(std::int64_t place) {
    const std::int64_t end = group_end(place);
    std::vector<float> group(static_cast<std::size_t>(end - place));
    const auto weights = std::span(feedback_.weights).subspan(static_cast<std::size_t>(place), group.size());
    for (std::int64_t r = 0; r < count_; ++r) {
      for (std::int64_t i = place; i < end; ++i) {
        group[static_cast<std::size_t>(i - place)] = value(i, r);
      }
      rounder_.fit(first_ + r, column(place), group, weights);
    }
  }

  /// Rounds the first column, to what is nearest to `targets` (R).
  void round_first(const Eigen::VectorXd& targets, Eigen::VectorXd& rounded) {
    if (!rounder_.one_scale()) {
      fit(0);
    }
    for (std::int64_t r = first_; r < first_ + count_; ++r) {
      rounded[r] = static_cast<double>(rounder_.round(r, column(0), static_cast<float>(targets[r])));
    }
  }

  /// Rounds all places from `first` on.
  void round_from(std::int64_t first) {
    for (std::int64_t begin = first; begin < size();) {
      const std::int64_t end = block_end(begin);
      round_block(begin, end);
      begin = end;
    }
  }

 private:
  using Lane = std::array<float, static_cast<std::size_t>(kRows)>;  // a place of all rows

  std::int64_t size() const { return static_cast<std::int64_t>(order_.size()); }
  std::int64_t column(std::int64_t place) const { return order_[static_cast<std::size_t>(place)]; }
  std::int64_t group_of(std::int64_t place) const { return column(place) / rounder_.run(); }
  Lane& lane(std::int64_t place) { return values_[static_cast<std::size_t>(place)]; }
  float& value(std::int64_t place, std::int64_t row) { return lane(place)[static_cast<std::size_t>(row)]; }

  /// Where the group at `place` ends: the order keeps groups together.
  std::int64_t group_end(std::int64_t place) const {
    std::int64_t end = place + 1;
    while (end < size() && group_of(end) == group_of(place)) {
      ++end;
    }
    return end;
  }

  /// Blocks hold whole groups, or a part of one: when a group begins, all its columns must have taken their shares.
  std::int64_t block_end(std::int64_t begin) const {
    std::int64_t end = begin;
    while (end < size()) {
      const std::int64_t next = group_end(end);
      if (next - begin > kBlock) {
        return end > begin ? end : std::min(begin + kBlock, next);
      }
      end = next;
    }
    return end;
  }

  void round_block(std::int64_t begin, std::int64_t end) {
    std::vector<Lane> errors(static_cast<std::size_t>(end - begin));
    for (std::int64_t i = begin; i < end; ++i) {
      if (!rounder_.one_scale() && (i == 0 || group_of(i) != group_of(i - 1))) {
        fit(i);
      }
      Lane& error = errors[static_cast<std::size_t>(i - begin)];
      for (std::int64_t r = 0; r < count_; ++r) {
        error[static_cast<std::size_t>(r)] = value(i, r) - rounder_.round(first_ + r, column(i), value(i, r));
      }
      pass_on(error, i, i + 1, end);
    }
    constexpr std::int64_t kTile = 64;  // columns whose values stay in the first cache
    for (std::int64_t tile = end; tile < size(); tile += kTile) {
      for (std::int64_t i = begin; i < end; ++i) {
        pass_on(errors[static_cast<std::size_t>(i - begin)], i, tile, std::min(tile + kTile, size()));
      }
    }
  }

  void pass_on(const Lane& error, std::int64_t from, std::int64_t begin, std::int64_t end) {
    const float* shares = feedback_.shares.data() + from * size();
    for (std::int64_t j = begin; j < end; ++j) {
      Lane& values = lane(j);
      for (std::size_t r = 0; r < values.size(); ++r) {
        values[r] -= error[r] * shares[j];
      }
    }
  }

  std::int64_t first_, count_;
  const std::vector<std::int64_t>& order_;
  const Feedback& feedback_;
  Rounder& rounder_;
  std::vector<Lane> values_;  // by place
};

/// A matrix before it is rounded, and what both methods ask.
struct OrderedMatrix {
  Tensor w;
  std::vector<std::int64_t> order;
  Matrix h;         // (C, C) by place
  RowMajor values;  // (C, R) by place
  Feedback feedback;

  OrderedMatrix(const Tensor& weights, const SecondMoments& inputs, Rounder& rounder, const GptqSettings& settings)
      : w(checked_weights(weights)) {
    check(inputs.count() > 0, "[gptq] expected second moments of inputs, got none");
    check(inputs.columns() == w.dim(1), "[gptq] expected inputs of {} columns, got {}", w.dim(1), inputs.columns());
    order = order_of(inputs, rounder.run(), settings.reorder);
    h = in_order(inputs, order);
    values.resize(w.dim(1), w.dim(0));
    for (std::int64_t i = 0; i < w.dim(1); ++i) {
      for (std::int64_t row = 0; row < w.dim(0); ++row) {
        values(i, row) = w.data<float>()[row * w.dim(1) + order[static_cast<std::size_t>(i)]];
      }
    }
    feedback = feedback_of(h, settings.damping);
    if (rounder.one_scale()) {
      fit_whole(rounder);
    }
  }

  void fit_whole(Rounder& rounder) const {
    std::vector<float> of_columns(order.size()), weights;
    for (std::size_t i = 0; i < order.size(); ++i) {
      of_columns[static_cast<std::size_t>(order[i])] = feedback.weights[i];
    }
    for (std::int64_t row = 0; row < w.dim(0); ++row) {
      weights.insert(weights.end(), of_columns.begin(), of_columns.end());
    }
    rounder.fit(0, 0, w.span<float>(), weights);
  }

  /// Calls body(panel) for all rows of w, on several threads.
  template <typename Body>
  void for_each_panel(Rounder& rounder, const Body& body) const {
    parallel_for(w.dim(0), kRows, [&](std::int64_t begin, std::int64_t end) {
      RowPanel panel(values, begin, end - begin, order, feedback, rounder);
      body(panel);
    });
  }
};

}  // namespace

double gptq(const Tensor& w, const SecondMoments& inputs, Rounder& rounder, const GptqSettings& settings) {
  const OrderedMatrix matrix(w, inputs, rounder, settings);
  matrix.for_each_panel(rounder, [](RowPanel& panel) { panel.round_from(0); });
  return matrix.feedback.damping;
}

double qronos(const Tensor& w, const SecondMoments& inputs, const SecondMoments& mixed, Rounder& rounder,
              const GptqSettings& settings) {
  OrderedMatrix matrix(w, inputs, rounder, settings);
  check(mixed.columns() == inputs.columns() && mixed.count() == inputs.count(),
        "[qronos] expected mixed moments of {} inputs of {} columns, got {} of {}", inputs.count(), inputs.columns(),
        mixed.count(), mixed.columns());
  const Eigen::Index columns = matrix.h.rows(), rest = columns - 1;
  Matrix h = matrix.h, g = in_order(mixed, matrix.order);
  h.diagonal().array() += matrix.feedback.added;
  g.diagonal().array() += matrix.feedback.added;  // so that without a mismatch nothing changes
  const Matrix before = matrix.values.cast<double>();
  const Matrix wanted = g * before;  // (C, R)
  const Eigen::VectorXd targets = (wanted.row(0) - h.row(0).tail(rest) * before.bottomRows(rest)).transpose() / h(0, 0);
  Eigen::VectorXd rounded(before.cols());
  matrix.for_each_panel(rounder, [&](RowPanel& panel) { panel.round_first(targets, rounded); });
  if (rest > 0) {
    const Eigen::LLT<Matrix> factor(h.bottomRightCorner(rest, rest));
    matrix.values.bottomRows(rest) =
        factor.solve(wanted.bottomRows(rest) - h.col(0).tail(rest) * rounded.transpose()).cast<float>();
    matrix.for_each_panel(rounder, [](RowPanel& panel) { panel.round_from(1); });
  }
  return matrix.feedback.damping;
}

}  // namespace octet
