#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Mean over rows of -log softmax(logits)[target] in nats: logits (..., V), targets (...) of i32 in [0, V) -> one
/// element. Gradient: (softmax(logits) - onehot(target)) / rows.
Tensor cross_entropy(const Tensor& logits, const Tensor& targets);

/// -log softmax(logits)[target] of each row, without history: (...).
Tensor token_nll(const Tensor& logits, const Tensor& targets);

}  // namespace octet
