#pragma once

#include "nn/layers/gpt_config.h"
#include "train/train_config.h"

namespace octet {

/// Bytes that training a model of this shape takes at its peak, without the text: weights, gradients, the optimizer's
/// state, a step's rows of tokens, and for the batch that goes through the model at once what every layer keeps for
/// its gradient, and the logits with theirs. An estimate, in double so that no setting overflows: measured peaks are
/// between 0.85 and 1.35 times as much (train/training_memory.cpp has the figures).
double training_bytes(const GptConfig& model, const TrainConfig& train);

/// The same for passing `tokens` through `models` models of this shape one after the other, as the evaluation does.
double evaluation_bytes(const GptConfig& model, double models, double tokens);

}  // namespace octet
