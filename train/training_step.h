#pragma once

#include <cstdint>
#include <vector>

#include "nn/gpt.h"
#include "train/batches.h"
#include "train/optim/optimizer.h"
#include "train/train_config.h"

namespace octet {

struct StepResult {
  double loss = 0.0;           ///< mean of the batch before the update, nats per token
  double gradient_norm = 0.0;  ///< before clipping
  bool updated = false;        ///< false: loss or gradient is infinite or NaN, and the weights are as they were
};

/// Step `index` (0, 1, ...) of training, on `batch` with config.rows_per_step() rows:
///
///     for each of `accumulation` equal parts of the batch: loss, gradients of loss / accumulation, added up
///     clip the gradient to its longest length
///     update the weights at the learning rate that the schedule gives
///
/// Memory is that of one part. The result depends on the arguments alone; dropout draws its numbers from (seed, index).
StepResult training_step(Gpt& model, Optimizer& optimizer, const TrainConfig& config, const Batch& batch,
                         std::int64_t index);

/// The learning rate written to logs: that of Muon where it is used, else of AdamW.
double learning_rate(const TrainConfig& config, std::int64_t step);

}  // namespace octet
