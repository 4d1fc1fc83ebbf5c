#include "eval/score/evaluator.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "eval/score/quantile.h"
#include "eval/score/window_batches.h"
#include "nn/token_distribution.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

struct TokenScore {
  double nll = 0;
  double kl = 0;
  bool agreed = false;
  TokenChange change;
};

/// The logits of one batch, row by row, in CPU memory: they are scored there, in double.
class LogitRows {
 public:
  LogitRows(const EvaluatedModel& model, const Tensor& ids) : logits_(model.logits(ids).to(DeviceKind::cpu)) {
    check(logits_.rank() == 3 && logits_.dim(0) == ids.dim(0) && logits_.dim(1) == ids.dim(1),
          "[evaluate] model \"{}\": expected logits of shape ({}, {}, V), got {}", model.name, ids.dim(0), ids.dim(1),
          logits_.shape());
    values_ = logits_.span<float>();
  }
  std::size_t vocabulary() const { return static_cast<std::size_t>(logits_.dim(2)); }
  std::size_t rows() const { return values_.size() / vocabulary(); }
  std::span<const float> row(std::size_t r) const { return values_.subspan(r * vocabulary(), vocabulary()); }

 private:
  Tensor logits_;
  std::span<const float> values_;
};

/// The reference model's logits of one batch with their softmax: what KL and agreement compare to.
struct ReferenceBatch {
  LogitRows logits;
  std::vector<double> probabilities;             // rows * V
  std::vector<TokenDistribution> distributions;  // rows

  explicit ReferenceBatch(LogitRows rows)
      : logits(std::move(rows)), probabilities(logits.rows() * logits.vocabulary()), distributions(logits.rows()) {}
  std::span<double> row(std::size_t r) {
    return std::span(probabilities).subspan(r * logits.vocabulary(), logits.vocabulary());
  }
};

/// Calls score(r, target) in parallel for every scored row r of the batch. Row w * T + t predicts token t + 1 of window
/// w.
template <typename Score>
void for_each_scored(const EvaluatedModel& model, std::span<const Window> windows, std::size_t vocabulary,
                     Score score) {
  constexpr std::int64_t kRowsPerChunk = 16;
  const auto length = static_cast<std::size_t>(windows.front().length());
  const auto rows = static_cast<std::int64_t>(windows.size() * length);
  parallel_for(rows, kRowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    for (auto r = static_cast<std::size_t>(begin); r < static_cast<std::size_t>(end); ++r) {
      const Window& window = windows[r / length];
      const std::size_t position = r % length;
      if (static_cast<std::int64_t>(position) < window.first_scored) {
        continue;
      }
      const std::int32_t target = window.tokens[position + 1];
      check(target >= 0 && static_cast<std::size_t>(target) < vocabulary,
            "[evaluate] model \"{}\": expected tokens below the vocabulary of {}, got {}", model.name, vocabulary,
            target);
      try {
        score(r, target);
      } catch (const Error& error) {
        fail(error.kind(), "[evaluate] model \"{}\", prediction {} of a window: {}", model.name, position,
             error.what());
      }
    }
  });
}

void prepare_reference(const EvaluatedModel& model, std::span<const Window> windows, ReferenceBatch& reference) {
  for_each_scored(model, windows, reference.logits.vocabulary(), [&](std::size_t r, std::int32_t) {
    reference.distributions[r] = token_distribution(reference.logits.row(r), reference.row(r));
  });
}

/// Scores of all rows of the batch; those of rows that are not scored stay zero.
std::vector<TokenScore> score_batch(const EvaluatedModel& model, const LogitRows& logits,
                                    std::span<const Window> windows, ReferenceBatch& reference) {
  check(logits.vocabulary() == reference.logits.vocabulary(),
        "[evaluate] model \"{}\": expected the vocabulary of the reference, {}, got {}", model.name,
        reference.logits.vocabulary(), logits.vocabulary());
  std::vector<TokenScore> scores(logits.rows());
  for_each_scored(model, windows, logits.vocabulary(), [&](std::size_t r, std::int32_t target) {
    const std::span<const float> row = logits.row(r);
    const TokenDistribution distribution = token_distribution(row);
    const TokenDistribution& expected = reference.distributions[r];
    const double nll = target_nll(row, distribution, target);
    scores[r] = {nll,
                 kl_divergence(reference.row(r), reference.logits.row(r), expected, row, distribution),
                 distribution.best == expected.best,
                 {.reference_p = std::exp(-target_nll(reference.logits.row(r), expected, target)),
                  .model_p = std::exp(-nll),
                  .reference_right = expected.best == target,
                  .model_right = distribution.best == target}};
  });
  return scores;
}

/// One model's results while they grow.
struct Tally {
  Evaluation evaluation;
  std::vector<double> kl = {};  // of every scored token
  std::vector<TokenChange> changes = {};

  void add(std::span<const Window> windows, std::span<const TokenScore> scores) {
    const auto length = static_cast<std::size_t>(windows.front().length());
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const Window& window = windows[w];
      WindowScore sum;
      sum.bytes = window.bytes_scored;
      for (auto t = static_cast<std::size_t>(window.first_scored); t < length; ++t) {
        const TokenScore& score = scores[w * length + t];
        ++sum.tokens;
        sum.nll += score.nll;
        sum.kl += score.kl;
        sum.correct += score.change.model_right ? 1 : 0;
        sum.agreed += score.agreed ? 1 : 0;
        kl.push_back(score.kl);
        changes.push_back(score.change);
      }
      evaluation.windows.push_back(sum);
    }
  }

  Evaluation finish() {
    WindowScore total;
    for (const WindowScore& window : evaluation.windows) {
      total.tokens += window.tokens;
      total.bytes += window.bytes;
      total.nll += window.nll;
      total.kl += window.kl;
      total.correct += window.correct;
      total.agreed += window.agreed;
    }
    check(total.bytes > 0, "[evaluate] expected windows that stand for at least one byte of text");
    const auto tokens = static_cast<double>(total.tokens);
    evaluation.scored_tokens = total.tokens;
    evaluation.bytes = total.bytes;
    evaluation.nll = total.nll / tokens;
    evaluation.perplexity = std::exp(evaluation.nll);
    evaluation.bits_per_byte = total.nll / (std::numbers::ln2 * static_cast<double>(total.bytes));
    evaluation.accuracy = static_cast<double>(total.correct) / tokens;
    evaluation.top1_agreement = static_cast<double>(total.agreed) / tokens;
    std::sort(kl.begin(), kl.end());
    evaluation.kl = {total.kl / tokens, sorted_quantile(kl, 0.5), sorted_quantile(kl, 0.99), sorted_quantile(kl, 0.999),
                     kl.back()};
    evaluation.changes = summarize_changes(changes);
    return std::move(evaluation);
  }
};

}  // namespace

std::vector<Evaluation> evaluate(std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                 const EvaluateOptions& options, ProgressSink& progress) {
  check(!models.empty() && !windows.empty(), "[evaluate] expected at least one model and one window, got {} and {}",
        models.size(), windows.size());
  const NoGrad no_grad;
  std::vector<Tally> tallies(models.size());
  ProgressUpdate update{.task = "eval", .unit = "window", .total = static_cast<std::int64_t>(windows.size())};
  for (const WindowBatch& batch : make_batches(windows, options.batch_tokens)) {
    progress.update(update);
    const std::span<const Window> members = batch.of(windows);
    const Tensor ids = window_inputs(members);
    ReferenceBatch reference(LogitRows(models.front(), ids));
    prepare_reference(models.front(), members, reference);
    for (std::size_t m = 0; m < models.size(); ++m) {
      if (interrupt_requested()) {
        fail(ErrorKind::interrupted, "[evaluate] interrupted after {} of {} windows", update.done, windows.size());
      }
      const LogitRows logits = m == 0 ? reference.logits : LogitRows(models[m], ids);
      tallies[m].add(members, score_batch(models[m], logits, members, reference));
    }
    update.done += static_cast<std::int64_t>(batch.count);
  }
  progress.finish(update);
  std::vector<Evaluation> evaluations;
  for (std::size_t m = 0; m < models.size(); ++m) {
    evaluations.push_back(tallies[m].finish());
    evaluations.back().name = models[m].name;
  }
  return evaluations;
}

std::vector<Evaluation> evaluate(std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                 const EvaluateOptions& options) {
  NullProgress silent;
  return evaluate(models, windows, options, silent);
}

}  // namespace octet
