#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/gpt.h"

namespace octet {

/// How the mean loss of a model answers to small changes d of a matrix, by its gradient g and the diagonal F of its
/// Fisher information:
///
///     loss(W + d) - loss(W)  ~  sum of g d  +  1/2 sum of F d^2
///
/// g is the gradient over all batches. F stands for the curvature: the mean square of the gradient of a token, from
/// those of windows, T E[g_window^2], whose tokens are taken as independent (LeCun, Denker, Solla 1989, "Optimal Brain
/// Damage", section 2.1; Kunstner et al. 2019, https://arxiv.org/abs/1905.12558, on what the empirical F is not).
class LossSlopes {
 public:
  /// Runs the model back over each row of ids (B, T). Its gradients are cleared before and after. Errors: (run) no
  /// batches, rows of one id.
  LossSlopes(Gpt& fp32, std::span<const Tensor> batches);

  /// Predicted rise of the loss where the matrix of this layer becomes `rounded`, in nats per token. NaN where the
  /// layer has no gradient.
  double predicted(const std::string& layer, const Tensor& original, const Tensor& rounded) const;

 private:
  struct Slopes {
    std::vector<double> gradient, square;  // sums over windows
  };
  std::map<std::string, Slopes> slopes_;  // by layer
  double windows_ = 0, tokens_ = 0;       // tokens of a window, on average
};

}  // namespace octet
