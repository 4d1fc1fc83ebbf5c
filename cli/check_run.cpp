#include "cli/check_run.h"

#include <algorithm>

#include "base/memory.h"
#include "eval/score/window_batches.h"
#include "train/training_memory.h"

namespace octet {
namespace {

void check_training(const RunConfig& config, const GptConfig& model) {
  // What a GPU computes takes its memory; the weights are made here and saved from here.
  const bool here = config.device == DeviceKind::cpu;
  TrainConfig train = config.train;
  train.batch = here ? train.batch : 0;
  check_memory(training_bytes(model, train),
               fmt::format("train.batch of {} rows of {} tokens, in a model of {} layers, width {} and vocabulary {},",
                           config.train.batch, model.context, model.layers, model.width, model.vocabulary));
}

}  // namespace

void check_memory(const Run& run) {
  GptConfig model = run.config.model;
  constexpr std::int64_t kEveryText = 257;  // a short text gives a smaller vocabulary than was asked for
  model.vocabulary = std::min(model.vocabulary, kEveryText);
  check_training(run.config, model);
}

void check_text(const Run& run, const RunText& text) {
  const RunConfig& config = run.config;
  if (config.checkpoint.empty()) {
    check_training(config, config.model);
  }
  const std::vector<Window> windows = evaluation_windows(
      text.tokens.test.runs, text.tokenizer, config.eval.context_of(config.model), config.eval.stride_of(config.model));
  if (windows.size() < 2) {
    fail(ErrorKind::input,
         "{}: expected a test part of at least two windows of {} tokens, to compare models on, got {}",
         text.corpus.path, config.eval.context_of(config.model), windows.size());
  }
  if (config.device == DeviceKind::cpu) {
    const std::int64_t most = std::max(config.eval.batch_tokens, config.eval.context_of(config.model));
    const std::int64_t tokens =
        std::min(most, static_cast<std::int64_t>(windows.size()) * config.eval.context_of(config.model));
    check_memory(
        evaluation_bytes(config.model, 1.0 + static_cast<double>(config.quantize.size()), static_cast<double>(tokens)),
        fmt::format("eval.batch_tokens of {}, with {} models of vocabulary {},", config.eval.batch_tokens,
                    1 + config.quantize.size(), config.model.vocabulary));
  }
}

}  // namespace octet
