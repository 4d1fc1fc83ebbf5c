#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/config/rules.h"
#include "base/progress.h"
#include "eval/score/interval.h"
#include "nn/gpt.h"

namespace octet {

/// What one quantized layer costs, in nats per token.
struct LayerCost {
  std::string layer;
  double alone = kNotMeasured;    ///< loss of FP32 with this layer quantized, above that of FP32
  double weights = kNotMeasured;  ///< the same where its weights alone are rounded, and its inputs stay floats
  /// The same where its inputs alone are rounded and its weights stay FP32; 0 where it reads floats, not measured of an
  /// embedding.
  double inputs = kNotMeasured;
  /// What the gradient and the Fisher information of the FP32 model predict for `weights`
  /// (eval/experiments/loss_slopes.h).
  double predicted = kNotMeasured;
  double last = kNotMeasured;  ///< loss of the quantized model, above that of it with this layer in FP32

  /// What rounded weights and rounded inputs cost together beyond what each costs alone.
  double cross() const { return alone - weights - inputs; }

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("alone", alone, allow_nonfinite());
    v("weights", weights, allow_nonfinite());
    v("inputs", inputs, optional_key(), allow_nonfinite());
    v("predicted", predicted, optional_key(), allow_nonfinite());
    v("last", last, allow_nonfinite());
  }
};

/// Where the loss of a quantized model comes from. If layers did not feel each other's errors, `alone` and `last` were
/// the same number for each, and would add up to `total`; by how much they do not is `remainder`.
struct Attribution {
  double total = kNotMeasured;      ///< loss of the quantized model above that of FP32, nats per token
  double remainder = kNotMeasured;  ///< total - sum of `alone`
  std::int64_t tokens = 0;
  std::vector<LayerCost> layers;  ///< in the order of the model

  template <class V>
  void visit(V& v) {
    v("total", total, allow_nonfinite());
    v("remainder", remainder, allow_nonfinite());
    v("tokens", tokens);
    v("layers", layers);
  }
};

/// Exchanges each quantized layer with its FP32 original, measures both models on the batches of ids (B, T), and puts
/// them back. The two must have been the same FP32 model before: a transform makes it another one. Errors: (run) models
/// of different layers, no batches; (interrupted) after Ctrl-C, by the sink.
Attribution attribute_loss(Gpt& fp32, Gpt& quantized, std::span<const Tensor> batches, ProgressSink& progress);

}  // namespace octet
