#include "bench/training_work.h"

#include "base/random.h"
#include "nn/initialize.h"

namespace octet::bench {

Batch random_batch(const GptConfig& model, std::int64_t rows) {
  const Random random(1, hash_name("tokens"));
  const auto count = static_cast<std::size_t>(rows * model.context);
  std::vector<std::int32_t> tokens(count + 1);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<std::int32_t>(random.below(i, static_cast<std::uint64_t>(model.vocabulary)));
  }
  Batch batch{.inputs = {tokens.begin(), tokens.end() - 1}, .targets = {tokens.begin() + 1, tokens.end()}};
  batch.rows = rows;
  batch.context = model.context;
  return batch;
}

TrainingWork::TrainingWork(const GptConfig& config, std::int64_t batch) : model(config) {
  train.batch = batch;
  train.optimizer.kind = OptimizerKind::adamw;
  initialize(model, train.seed);
  model.to(DeviceKind::cuda);
  optimizer = make_optimizer(model, train.optimizer);
}

}  // namespace octet::bench
