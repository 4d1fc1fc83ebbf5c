#include "train/training_memory.h"

#include "nn/cost.h"

namespace octet {
namespace {

// Measured peaks of resident memory on 2 threads, the program itself (some 40 MB) included, against the estimate, in
// MiB (vocabulary, context, width, layers, hidden; batch; optimizer):
//
//     512, 128, 128, 4, 384;  64; muon      490   446
//     2048, 64, 64, 2, 128;  128; muon      276   215
//     300, 64, 512, 8, 1536;   2; muon      418   469
//     300, 64, 512, 8, 1536;   2; adamw     489   469

constexpr double kFloat = 4.0;

/// Floats that a layer makes of each token: norms, projections and sums of the width, the heads before and after the
/// rotation, and the inner values of the MLP before and after the nonlinearity.
double floats_per_layer(const GptConfig& model) {
  const auto width = static_cast<double>(model.width);
  const auto heads = static_cast<double>((model.heads + 2 * model.key_value_heads()) * model.head_dim());
  const auto hidden = static_cast<double>(model.hidden);
  const double normalised = model.qk_norm ? 2 * heads : 0;  // each head apart, and together again
  const double gated = model.attention_gate ? width + static_cast<double>(model.heads) : 0;
  return 7 * width + 2 * heads + normalised + gated + (model.architecture == Architecture::llama ? 4 : 2) * hidden;
}

}  // namespace

double training_bytes(const GptConfig& model, const TrainConfig& train) {
  const auto parameters = static_cast<double>(parameter_count(model));
  const double tokens = static_cast<double>(train.batch) * static_cast<double>(model.context);
  // Weights, gradients and two moments; Muon keeps one, but needs room to orthogonalise.
  const double state = 4 * parameters * kFloat;
  const double rows = 2 * kFloat * tokens * static_cast<double>(train.accumulation);
  const double layers = static_cast<double>(model.layers) * floats_per_layer(model);
  const double logits = 2 * static_cast<double>(model.vocabulary);
  return state + rows + tokens * (layers + logits) * kFloat;
}

double evaluation_bytes(const GptConfig& model, double models, double tokens) {
  const auto parameters = static_cast<double>(parameter_count(model));
  // Logits of the reference and of a model in float, and probabilities in double; two layers' values at a time.
  const double per_token = 4 * static_cast<double>(model.vocabulary) + 2 * floats_per_layer(model);
  return (models * parameters + tokens * per_token) * kFloat;
}

}  // namespace octet
