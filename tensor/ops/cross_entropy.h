#pragma once

#include "tensor/tensor.h"

namespace octet {

/// What the gradient of a loss may do with the logits.
enum class Logits {
  keep,
  overwrite,  ///< where nobody reads them after backward() has begun: not the caller, nor the operation that made them
};

/// Mean over rows of -log softmax(logits)[target] in nats: logits (..., V), targets (...) of i32 in [0, V) -> one
/// element. Targets and result are in CPU memory, whatever the device of the logits: targets are checked there, and the
/// losses of the rows are added up in double.
///
/// Gradient: dlogits = dy (softmax(logits) - onehot(target)) / rows. For the loss of a row is log(sum over v of
/// e^(logit_v)) - logit_target: the first term has the derivative e^(logit_v) / sum = softmax_v, the second -1 at the
/// target. The logits are the largest tensor of a step of training, so that Logits::overwrite, by which the gradient
/// takes their place, saves (..., V) floats.
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, Logits after = Logits::keep);

/// -log softmax(logits)[target] of each row, without history: (...), in CPU memory.
Tensor token_nll(const Tensor& logits, const Tensor& targets);

}  // namespace octet
