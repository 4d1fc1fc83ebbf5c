#pragma once

#include <vector>

#include "base/config/rules.h"
#include "train/optim/optimizer.h"

namespace octet {

struct AdamWConfig {
  double learning_rate = 4e-3;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.1;

  template <class V>
  void visit(V& v) {
    v("learning_rate", learning_rate, positive(), at_most(1e30));
    v("beta1", beta1, in_range(0, 0.9999));
    v("beta2", beta2, in_range(0, 0.99999));
    v("epsilon", epsilon, in_range(1e-30, 1));
    v("weight_decay", weight_decay, in_range(0, 1000));
  }
};

/// Adam with decoupled weight decay. For a gradient g at step t = 1, 2, ..., all element by element:
///
///     m = beta1 m + (1 - beta1) g              mean of the gradients
///     v = beta2 v + (1 - beta2) g^2            mean of their squares
///     w = w - lr (m' / (sqrt(v') + epsilon) + weight_decay w),   m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)
///
/// m' and v' undo that m and v start at zero. Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
/// ICLR 2019, https://arxiv.org/abs/1711.05101, algorithm 2.
class AdamW final : public Optimizer {
 public:
  AdamW(std::vector<Module::NamedParameter> parameters, const AdamWConfig& config);

  void step(const OptimizerStep& step) override;
  std::vector<NamedTensor> state() const override;  ///< "adamw.first.PATH", "adamw.second.PATH"

 private:
  struct Entry {
    Module::NamedParameter parameter;
    float weight_decay;
    Tensor first_moment, second_moment;
  };

  AdamWConfig config_;
  std::vector<Entry> entries_;
};

/// True for the weights of linear layers. Not for gains and biases, which have no scale to keep small, nor for
/// embeddings, whose rows of rare tokens would shrink at every step without ever seeing a gradient.
bool takes_weight_decay(const Module::NamedParameter& entry);

}  // namespace octet
