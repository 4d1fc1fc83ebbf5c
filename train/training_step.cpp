#include "train/training_step.h"

#include <cmath>
#include <span>

#include "base/random.h"
#include "tensor/autograd/node.h"
#include "train/optim/gradient_clip.h"

namespace octet {
namespace {

/// Rows `first` .. `first + rows - 1` as a tensor (rows, T).
Tensor rows_of(const std::vector<std::int32_t>& ids, std::int64_t first, std::int64_t rows, std::int64_t context) {
  const std::span<const std::int32_t> all(ids);
  return Tensor::from(all.subspan(static_cast<std::size_t>(first * context), static_cast<std::size_t>(rows * context)),
                      {rows, context});
}

/// Another one for every part of every step.
std::uint64_t dropout_seed(std::uint64_t seed, std::int64_t part) {
  const auto bits = Random(seed, hash_name("dropout")).block(static_cast<std::uint64_t>(part));
  return (static_cast<std::uint64_t>(bits[0]) << 32) | bits[1];
}

}  // namespace

StepResult training_step(Gpt& model, Optimizer& optimizer, const TrainConfig& config, const Batch& batch,
                         std::int64_t index) {
  check(batch.rows == config.rows_per_step(), "[train] expected a batch of {} rows, got {}", config.rows_per_step(),
        batch.rows);
  StepResult result;
  model.clear_gradients();
  const auto share = 1.0F / static_cast<float>(config.accumulation);
  for (std::int64_t part = 0; part < config.accumulation; ++part) {
    const Tensor inputs = rows_of(batch.inputs, part * config.batch, config.batch, batch.context);
    const Tensor targets = rows_of(batch.targets, part * config.batch, config.batch, batch.context);
    const ForwardOptions options{.training = true,
                                 .dropout_seed = dropout_seed(config.seed, index * config.accumulation + part)};
    const Tensor loss = model.loss(inputs, targets, options);
    result.loss += static_cast<double>(loss.item()) / static_cast<double>(config.accumulation);
    backward(loss, Tensor::full(loss.shape(), share));
  }

  result.gradient_norm = gradient_norm(model.trainable_parameters());
  result.updated = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.updated) {
    optimizer.step({.index = index,
                    .learning_rate_factor = learning_rate_factor(config.schedule, index, config.steps),
                    .gradient_scale = clip_scale(result.gradient_norm, config.gradient_clip)});
  }
  return result;
}

double learning_rate(const TrainConfig& config, std::int64_t step) {
  const OptimizerConfig& optimizer = config.optimizer;
  const double full =
      optimizer.kind == OptimizerKind::muon ? optimizer.muon.learning_rate : optimizer.adamw.learning_rate;
  return full * learning_rate_factor(config.schedule, step, config.steps);
}

}  // namespace octet
