#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>
#include <utility>

#include "base/files/known_folder.h"
#include "base/format.h"
#include "nn/cost.h"
#include "nn/files/model_tokenizer.h"
#include "tensor/backend.h"
#include "train/batches.h"
#include "train/checkpoint.h"
#include "train/checkpoint_folders.h"
#include "train/held_out_loss.h"
#include "train/run_log.h"
#include "train/training_step.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

class TrainRun {
 public:
  TrainRun(Gpt& model, const TrainData& data, const TrainConfig& config, const fs::path& run_folder,
           ProgressSink& progress)
      : model_(model),
        data_(data),
        config_(config),
        progress_(progress),
        folders_(run_folder),
        optimizer_(make_optimizer(model, config.optimizer)),
        sampler_(data.train, model.config().context, config.rows_per_step(), config.seed),
        held_out_(data.held_out, data.tokenizer, model.config().context, config.batch, config.eval_tokens),
        state_(start_or_resume()),
        log_(run_folder / "train.log"),
        metrics_(run_folder / "metrics.jsonl", state_.step) {}

  TrainSummary run(const std::function<bool()>& stop_requested) {
    log_.write(fmt::format("{} at step {} of {}", state_.step == 0 ? "starts" : "goes on", state_.step, config_.steps));
    progress_.update(progress_now());
    while (state_.step < config_.steps) {
      take_step();
      progress_.update(progress_now());
      if (state_.step < config_.steps && stop_requested()) {
        stop();
      }
    }
    progress_.finish(progress_now());
    return summary();
  }

 private:
  std::optional<fs::path> checkpoint_to_go_on_from();
  void complete_save(const fs::path& from, const TrainerState& saved);
  TrainerState start_or_resume();
  void take_step();
  MetricsRow update_weights();
  bool evaluate(MetricsRow& row);
  void save(bool numbered, bool best);
  [[noreturn]] void stop();
  [[noreturn]] void fail_not_finite(std::string_view what, double value);
  void say(const std::string& line);
  ProgressUpdate progress_now() const;
  TrainSummary summary() const;
  std::int64_t tokens_per_step() const { return config_.rows_per_step() * model_.config().context; }

  Gpt& model_;
  const TrainData& data_;
  const TrainConfig& config_;
  ProgressSink& progress_;
  CheckpointFolders folders_;
  std::unique_ptr<Optimizer> optimizer_;
  BatchSampler sampler_;
  HeldOutLoss held_out_;
  TrainerState state_;
  RunLog log_;
  MetricsLog metrics_;
};

std::optional<fs::path> TrainRun::checkpoint_to_go_on_from() {
  if (config_.resume == "never") {
    return std::nullopt;
  }
  if (config_.resume != "auto") {
    return config_.resume;
  }
  const std::optional<fs::path> newest = folders_.newest();
  if (newest && *newest != folders_.last()) {
    progress_.note(fmt::format("{} is {}: goes on from {}", folders_.last().string(),
                               fs::exists(folders_.last()) ? "older" : "missing", newest->string()));
  }
  return newest;
}

/// What `save` does after it has written a checkpoint, where a run was cut off in between: the other names, and the
/// removal of older ones.
void TrainRun::complete_save(const fs::path& from, const TrainerState& saved) {
  const bool was_best = saved.best_step == saved.step;
  if (was_best && from != folders_.best() &&
      (!fs::exists(folders_.best()) || read_trainer_state(folders_.best()).step != saved.step)) {
    link_checkpoint(from, folders_.best());
  }
  if (from != folders_.last()) {
    link_checkpoint(from, folders_.last());
  }
  if (config_.keep_last > 0) {
    folders_.keep_newest(config_.keep_last);
  }
}

TrainerState TrainRun::start_or_resume() {
  TrainerState fresh;
  fresh.corpus_sha256 = data_.corpus_sha256;
  fresh.split = data_.split;
  fresh.tokenizer_sha256 = tokenizer_sha256(data_.tokenizer);
  fresh.train = config_;
  fresh.train.resume = TrainConfig().resume;
  const std::optional<fs::path> from = checkpoint_to_go_on_from();
  if (!from) {
    folders_.clear();
    make_folder(folders_.root());
    return fresh;
  }
  TrainerState saved = read_trainer_state(*from);
  check_same_run(*from, saved, fresh);
  load_checkpoint(*from, model_, *optimizer_);
  make_folder(folders_.root());
  folders_.remove_after(saved.step);
  if (config_.resume == "auto") {
    complete_save(*from, saved);
  }
  saved.train = fresh.train;
  return saved;
}

void TrainRun::take_step() {
  MetricsRow row = update_weights();
  const bool is_last = state_.step == config_.steps;
  const bool is_best = (is_last || state_.step % config_.eval_every == 0) && evaluate(row);
  metrics_.append(row);
  const bool numbered = state_.step % config_.save_every == 0;
  if (is_last || is_best || numbered) {
    save(numbered, is_best);
  }
}

MetricsRow TrainRun::update_weights() {
  const auto begin = std::chrono::steady_clock::now();
  const Batch batch = sampler_.batch(state_.step);
  const StepResult result = training_step(model_, *optimizer_, config_, batch, state_.step);
  memory(model_.device()).synchronize();  // the update may still be on its way
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (!result.updated) {
    const bool loss = !std::isfinite(result.loss);
    fail_not_finite(loss ? "loss" : "gradient", loss ? result.loss : result.gradient_norm);
  }

  MetricsRow row;
  row.lr = learning_rate(config_, state_.step);
  row.step = ++state_.step;
  row.tokens = row.step * tokens_per_step();
  row.epoch = sampler_.epochs(row.step);
  row.loss = result.loss;
  row.grad_norm = result.gradient_norm;
  row.ms = seconds.count() * 1e3;
  row.tok_s = static_cast<double>(tokens_per_step()) / seconds.count();
  row.rss_mb = resident_megabytes();
  row.time = static_cast<double>(std::time(nullptr));
  return row;
}

/// True where the loss is the lowest so far.
bool TrainRun::evaluate(MetricsRow& row) {
  const HeldOutLoss::Result result = held_out_.measure(model_);
  if (!std::isfinite(result.nll)) {
    fail_not_finite("held-out loss", result.nll);
  }
  row.val_loss = result.nll;
  row.bpb = result.bits_per_byte;
  const bool is_best = !state_.best_loss || result.nll < *state_.best_loss;
  if (is_best) {
    state_.best_loss = result.nll;
    state_.best_step = state_.step;
  }
  say(fmt::format("step {}: held-out loss {:.4f}, {:.4f} bits per byte{}", state_.step, result.nll,
                  result.bits_per_byte, is_best ? ", the best so far" : ""));
  return is_best;
}

/// Writes the checkpoint once; its other names share the files. Where the run is cut off in between, it goes on from
/// the name that is there, and gives the others.
void TrainRun::save(bool numbered, bool best) {
  const bool keep_numbered = numbered && config_.keep_last > 0;
  const fs::path first = keep_numbered ? folders_.step(state_.step) : best ? folders_.best() : folders_.last();
  save_checkpoint(first, model_, *optimizer_, data_.tokenizer, state_);
  if (best && first != folders_.best()) {
    link_checkpoint(first, folders_.best());
  }
  if (first != folders_.last()) {
    link_checkpoint(first, folders_.last());
  }
  if (keep_numbered) {
    folders_.keep_newest(config_.keep_last);
  }
  log_.write(fmt::format("step {}: saved {}", state_.step, first.string()));
}

void TrainRun::stop() {
  save(false, false);
  progress_.finish(progress_now());
  const std::string message = fmt::format("training was interrupted after step {} of {}; it goes on from {}",
                                          state_.step, config_.steps, folders_.last().string());
  log_.write(message);
  fail(ErrorKind::interrupted, "{}", message);
}

void TrainRun::fail_not_finite(std::string_view what, double value) {
  const std::string kept = fs::exists(folders_.last())
                               ? fmt::format("the last good checkpoint is {}", folders_.last().string())
                               : std::string("there is no checkpoint yet");
  const std::string message = fmt::format(
      "[train] expected a finite {}, got {} at step {} of {}; {}. A lower learning rate or a longer warm-up may help",
      what, value, state_.step + 1, config_.steps, kept);
  log_.write(message);
  fail(ErrorKind::run, "{}", message);
}

void TrainRun::say(const std::string& line) {
  log_.write(line);
  progress_.note(line);
}

ProgressUpdate TrainRun::progress_now() const {
  ProgressUpdate update{.task = "train", .done = state_.step, .total = config_.steps, .rate_unit = "tokens"};
  update.rate_factor = static_cast<double>(tokens_per_step());
  if (!metrics_.rows().empty()) {
    update.detail = fmt::format("loss {:.3f}", metrics_.rows().back().loss);
  }
  return update;
}

TrainSummary TrainRun::summary() const {
  TrainSummary summary;
  summary.curve = metrics_.rows();
  summary.steps = state_.step;
  summary.tokens = state_.step * tokens_per_step();
  summary.best_val_loss = state_.best_loss.value_or(0.0);
  summary.best_step = state_.best_step;
  double timed_tokens = 0.0;
  for (const MetricsRow& row : summary.curve) {
    summary.seconds += row.ms / 1e3;
    timed_tokens += static_cast<double>(tokens_per_step());
  }
  if (summary.seconds > 0.0) {
    summary.tokens_per_second = timed_tokens / summary.seconds;
    summary.flops_per_second =
        summary.tokens_per_second * training_flops_per_token(model_.config(), model_.config().context);
  }
  return summary;
}

}  // namespace

TrainSummary train(Gpt& model, const TrainData& data, const TrainConfig& config, const fs::path& run_folder,
                   ProgressSink& progress, const std::function<bool()>& stop_requested,
                   const std::function<void()>& on_start) {
  make_folder(run_folder);
  TrainRun training(model, data, config, run_folder, progress);
  if (on_start) {
    on_start();
  }
  return training.run(stop_requested);
}

}  // namespace octet
