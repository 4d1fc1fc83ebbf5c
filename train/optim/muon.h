#pragma once

#include <vector>

#include "base/config/rules.h"
#include "train/optim/optimizer.h"

namespace octet {

struct MuonConfig {
  double learning_rate = 0.02;
  double momentum = 0.95;
  double weight_decay = 0.01;

  template <class V>
  void visit(V& v) {
    v("learning_rate", learning_rate, positive(), at_most(1e30));
    v("momentum", momentum, in_range(0, 0.9999));
    v("weight_decay", weight_decay, in_range(0, 1000));
  }
};

/// Muon: momentum, orthogonalised by Newton-Schulz. For the gradient G (rows, columns) of a hidden matrix W:
///
///     M = momentum M + G
///     U = G + momentum M                               Nesterov: look one step ahead
///     W = W - lr (max(1, rows / columns)^0.5 orthogonal(U) + weight_decay W)
///
/// A gradient is mostly made of a few strong directions; after orthogonalisation the weak ones move the weights just as
/// far. The factor keeps the size of what the layer puts out, per unit of its input, alike for every shape.
///
/// Matrices that are several stacked in one parameter, such as the queries, keys and values of attention, are
/// orthogonalised one by one: see `stacked_rows`.
///
/// Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. Weight decay: Liu et al. 2025,
/// https://arxiv.org/abs/2502.16982, equation 3.
class Muon final : public Optimizer {
 public:
  /// Error (run) where a parameter is not a matrix.
  Muon(std::vector<Module::NamedParameter> parameters, const MuonConfig& config);

  void step(const OptimizerStep& step) override;
  std::vector<NamedTensor> state() const override;  ///< "muon.momentum.PATH"

 private:
  struct Entry {
    Module::NamedParameter parameter;
    Tensor momentum;
  };
  /// One of the matrices that a parameter stacks: rows [first, first + rows).
  struct Matrix {
    std::size_t entry;
    std::int64_t first, rows, columns;
  };

  void update(const Matrix& matrix, const OptimizerStep& step) const;

  MuonConfig config_;
  std::vector<Entry> entries_;
  std::vector<Matrix> matrices_;  ///< largest first, so that threads finish together
};

/// The numbers of rows of the matrices that a parameter of this name stacks on top of each other; a single number for
/// most.
std::vector<std::int64_t> stacked_rows(const std::string& path, const Shape& shape);

}  // namespace octet
