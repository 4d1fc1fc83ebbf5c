#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"
#include "nn/gpt.h"
#include "text/tokenized_corpus.h"
#include "text/tokenizer.h"
#include "train/metrics.h"
#include "train/train_config.h"

namespace octet {

/// What a model is trained on. Everything outlives the run.
struct TrainData {
  const TokenRuns& train;
  const TokenRuns& held_out;   ///< chooses the best checkpoint: the calibration part, never the test part
  const Tokenizer& tokenizer;  ///< counts bytes, and is saved beside the model
  std::string corpus_sha256;
  SplitRecord split = {};
};

/// How a run went, over all its sessions.
struct TrainSummary {
  std::int64_t steps = 0;
  std::int64_t tokens = 0;
  double seconds = 0.0;  ///< of training steps: evaluation and saving are left out
  double tokens_per_second = 0.0;
  double flops_per_second = 0.0;  ///< useful ones, see `training_flops_per_token`
  double best_val_loss = 0.0;     ///< lowest held-out loss, nats per token
  std::int64_t best_step = 0;
  std::vector<MetricsRow> curve;  ///< one row for each step
};

/// Trains `model` from the weights it has, on the device where it is, and leaves in the run folder
///
///     metrics.jsonl                a row for each step (MetricsRow)
///     train.log                    what happened when
///     checkpoints/step-N           every save_every steps; the newest keep_last stay
///     checkpoints/last             the newest of all
///     checkpoints/best             that of the lowest held-out loss
///
/// With resume = auto or a path, weights come from that checkpoint and the run goes on as if it had never stopped: the
/// same weights, checkpoints and rows (but for times) bit for bit. Where `last` is missing or not the newest, auto
/// takes the checkpoint with most steps and says so. Without a checkpoint to go on from, earlier checkpoints and rows
/// of the folder are removed.
///
/// `on_start` is called before the first step, once the checkpoint to go on from has been accepted: the place to write
/// what a refused run must not overwrite.
///
/// Errors:
/// - interrupted, after finishing the step and saving `last`, once `stop_requested` says so;
/// - run, where loss, gradient or weights are infinite or NaN: the last good checkpoint stays; where the disk is full;
/// - input: a damaged checkpoint, or one of another run (see train/checkpoint.h).
TrainSummary train(Gpt& model, const TrainData& data, const TrainConfig& config,
                   const std::filesystem::path& run_folder, ProgressSink& progress,
                   const std::function<bool()>& stop_requested = interrupt_requested,
                   const std::function<void()>& on_start = {});

}  // namespace octet
