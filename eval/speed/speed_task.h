#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nn/generation/decode_step.h"

namespace octet {

/// One thing that is timed: `batch` sequences read a prompt of `tokens` at once, or write `tokens` one after another.
struct SpeedTask {
  enum class Kind { prompt, generate };

  Kind kind = Kind::prompt;
  std::int64_t tokens = 0;
  std::int64_t batch = 1;
  std::int64_t depth = 0;  ///< positions that the key-value cache holds before the first token
  KvFormat kv = KvFormat::f32;

  /// As llama-bench names its tests: "pp512", "tg128", "tg128 @ d2048"; with "b4" where the batch is not 1,
  /// and "kv-int8" where the cache is not FP32.
  std::string name() const;
  /// Positions of each sequence at the end.
  std::int64_t positions() const { return depth + tokens; }
  std::int64_t all_tokens() const { return batch * tokens; }
};

/// A task with the model that does it, its cache and its input. Tokens are random: which ones does not change the work,
/// and drawing them is not part of it.
class SpeedJob {
 public:
  /// Fills the cache up to the depth, by passes of the model. A deep one takes long: `before_pass` may report progress.
  /// Errors: more positions than the context of the model.
  SpeedJob(Gpt& model, const SpeedTask& task, const std::function<void()>& before_pass = {});

  /// Does the task from the depth on, and waits until the device has done it. Each pass computes the logits of the last
  /// position of each sequence.
  void run() { run(inputs_.size()); }
  /// The first passes of the task, at most `kWarmUpPasses`: touches all memory without taking the time of a run.
  void warm_up();
  /// Positions that the cache holds now.
  std::int64_t positions() const { return cache_.length(); }

 private:
  void run(std::size_t passes);
  void forward(const Tensor& ids);

  Gpt& model_;
  KvCache cache_;
  DecodeStep step_;
  std::int64_t depth_;
  std::vector<Tensor> inputs_;  // ids (B, T) of each pass: one of the whole prompt, or (B, 1) for each written token
};

}  // namespace octet
