#pragma once

#include <span>

#include "nn/gpt.h"

namespace octet {

/// Mean negative log-likelihood, in nats per token, of each id of `batches` (B, T) but the first of a row, given those
/// before it in the row. Errors: (run) no batches, or rows of one id.
double text_loss(Gpt& model, std::span<const Tensor> batches);

}  // namespace octet
