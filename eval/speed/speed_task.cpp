#include "eval/speed/speed_task.h"

#include <algorithm>

#include "base/random.h"
#include "tensor/autograd/node.h"
#include "tensor/backend.h"

namespace octet {
namespace {

constexpr std::int64_t kFillTokens = 512;  // of a pass that fills the cache: large products, moderate memory
constexpr std::size_t kWarmUpPasses = 4;

Tensor random_ids(std::int64_t batch, std::int64_t time, std::int64_t vocabulary, std::string_view stream) {
  const Random random(1, hash_name(stream));
  Tensor ids = Tensor::empty({batch, time}, DType::i32);
  std::uint64_t index = 0;
  for (std::int32_t& id : ids.span<std::int32_t>()) {
    id = static_cast<std::int32_t>(random.below(index++, static_cast<std::uint64_t>(vocabulary)));
  }
  return ids;
}

/// The model's shape with a context that just holds the task, so that the cache takes no more memory than it needs.
GptConfig cache_config(const Gpt& model, const SpeedTask& task) {
  GptConfig config = model.config();
  check(task.tokens >= 1 && task.batch >= 1 && task.depth >= 0 && task.positions() <= config.context,
        "[speed] expected a test within the context of {} positions, got {}", config.context, task.name());
  config.context = task.positions();
  return config;
}

}  // namespace

std::string SpeedTask::name() const {
  std::string text = fmt::format("{}{}", kind == Kind::prompt ? "pp" : "tg", tokens);
  if (batch != 1) {
    text += fmt::format(" b{}", batch);
  }
  if (depth != 0) {
    text += fmt::format(" @ d{}", depth);
  }
  if (kv != KvFormat::f32) {
    text += fmt::format(" kv-{}", enum_name(kv));
  }
  return text;
}

SpeedJob::SpeedJob(Gpt& model, const SpeedTask& task, const std::function<void()>& before_pass)
    : model_(model),
      cache_(cache_config(model, task), task.batch, task.kv, model.device()),
      step_(model, cache_),
      depth_(task.depth) {
  const std::int64_t vocabulary = model.config().vocabulary;
  for (std::int64_t held = 0; held < task.depth; held += kFillTokens) {
    if (before_pass) {
      before_pass();
    }
    forward(random_ids(task.batch, std::min(kFillTokens, task.depth - held), vocabulary, "speed past"));
  }
  if (task.kind == SpeedTask::Kind::prompt) {
    inputs_.push_back(random_ids(task.batch, task.tokens, vocabulary, "speed"));
    return;
  }
  for (std::int64_t t = 0; t < task.tokens; ++t) {
    inputs_.push_back(random_ids(task.batch, 1, vocabulary, fmt::format("speed {}", t)));
  }
}

void SpeedJob::warm_up() {
  run(std::min(kWarmUpPasses, inputs_.size()));
}

void SpeedJob::run(std::size_t passes) {
  cache_.reset();
  cache_.advance(depth_);  // what was filled in still lies there
  for (std::size_t pass = 0; pass < passes; ++pass) {
    forward(inputs_[pass]);
  }
  memory(model_.device()).synchronize();
}

void SpeedJob::forward(const Tensor& ids) {
  const NoGrad no_grad;
  if (ids.dim(1) == 1) {
    step_(ids);
    return;
  }
  ForwardOptions options;
  options.cache = &cache_;
  options.last_only = true;
  model_.forward(ids, options);
}

}  // namespace octet
