#pragma once

#include <cstdint>
#include <string>

#include "base/config/rules.h"
#include "train/optim/make_optimizer.h"
#include "train/optim/schedule.h"

namespace octet {

/// The `train` section of a configuration.
struct TrainConfig {
  std::int64_t steps = 1000;         ///< optimizer steps of the whole run
  std::int64_t batch = 16;           ///< rows of `context` tokens that go through the model at once
  std::int64_t accumulation = 1;     ///< how many batches make a step
  std::int64_t eval_every = 100;     ///< steps between held-out losses; the last step always has one
  std::int64_t eval_tokens = 32768;  ///< of held-out text
  std::int64_t save_every = 500;     ///< steps between checkpoints; the last step always makes one
  std::int64_t keep_last = 1;        ///< how many `step-N` checkpoints stay beside `last` and `best`
  std::string resume = "auto";       ///< auto: from `last` where there is one; never: from the start; or a checkpoint
  double gradient_clip = 1.0;        ///< longest gradient; 0: any
  std::uint64_t seed = 1;            ///< of weights, batches and dropout
  ScheduleConfig schedule;
  OptimizerConfig optimizer;

  std::int64_t rows_per_step() const { return batch * accumulation; }

  template <class V>
  void visit(V& v) {
    v("steps", steps, in_range(1, 1'000'000'000));
    v("batch", batch, in_range(1, 1 << 20));
    v("accumulation", accumulation, in_range(1, 1 << 20));
    v("eval_every", eval_every, at_least(1));
    v("eval_tokens", eval_tokens, at_least(1));
    v("save_every", save_every, at_least(1));
    v("keep_last", keep_last, at_least(0));
    v("resume", resume, not_empty());
    v("gradient_clip", gradient_clip, in_range(0, 1e30));
    v("seed", seed);
    v("schedule", schedule);
    v("optimizer", optimizer);
  }
};

}  // namespace octet
