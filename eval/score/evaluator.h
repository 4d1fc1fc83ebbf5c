#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/score/token_changes.h"
#include "eval/score/windows.h"
#include "tensor/tensor.h"

namespace octet {

/// ids (B, T) of i32 -> logits (B, T, V) of f32; position t holds the logits of token t + 1. A Gpt, or anything else
/// that predicts: tests evaluate the true distribution of a synthetic text.
using LogitsFunction = std::function<Tensor(const Tensor& ids)>;

struct EvaluatedModel {
  std::string name;  ///< stands in messages and results: "fp32", "int4-g64"
  LogitsFunction logits;
};

/// Sums over the scored tokens of one window.
struct WindowScore {
  std::int64_t tokens = 0;
  std::int64_t bytes = 0;    ///< of text that these tokens stand for
  double nll = 0;            ///< nats
  double kl = 0;             ///< nats
  std::int64_t correct = 0;  ///< the most probable token is the true one
  std::int64_t agreed = 0;   ///< the most probable token is that of the reference
};

/// How KL(reference || model) is distributed over the scored tokens, in nats.
struct KlSummary {
  double mean = 0, p50 = 0, p99 = 0, p999 = 0, max = 0;  ///< p999: 99.9 %
};

/// What one model scored. Where all models see the same windows, differences between them are paired: see
/// eval/score/paired.h.
struct Evaluation {
  std::string name;
  std::vector<WindowScore> windows;  ///< in the order of the windows given
  std::int64_t scored_tokens = 0;
  std::int64_t bytes = 0;
  double nll = 0;             ///< mean over tokens of -ln p(token), nats
  double perplexity = 0;      ///< exp(nll); depends on the tokenizer
  double bits_per_byte = 0;   ///< sum of nll / (ln 2 * bytes); comparable between tokenizers
  double accuracy = 0;        ///< share of tokens predicted right
  KlSummary kl;               ///< to the reference; exactly 0 for the reference itself
  double top1_agreement = 0;  ///< with the reference; exactly 1 for the reference itself
  TokenChanges changes;       ///< beside the reference
};

struct EvaluateOptions {
  std::int64_t batch_tokens = 2048;  ///< windows of this many tokens pass through a model at once
};

/// Scores every model on the same windows in one pass; the first model is the reference of KL and agreement. Losses are
/// taken in double from the logits over the full vocabulary. Logits live for one batch only: memory is about
/// batch_tokens * V * 16 bytes besides the models. Given models that do so, results are the same for any number of
/// threads.
///
/// Errors: run where logits are not finite or have a wrong shape (naming the model), where there are no models, windows
/// or scored tokens; interrupted after Ctrl-C.
std::vector<Evaluation> evaluate(std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                 const EvaluateOptions& options, ProgressSink& progress);

/// The same without progress.
std::vector<Evaluation> evaluate(std::span<const EvaluatedModel> models, std::span<const Window> windows,
                                 const EvaluateOptions& options = {});

}  // namespace octet
