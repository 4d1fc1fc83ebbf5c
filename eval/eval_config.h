#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "eval/experiments/outlier_lab_config.h"
#include "eval/outliers/outliers.h"
#include "eval/score/paired.h"
#include "eval/speed/speed.h"
#include "nn/generation/sample.h"

namespace octet {

/// How models are evaluated and compared: the `eval` section of a configuration.
struct EvalConfig {
  std::int64_t context = 0;      ///< tokens a window holds; 0: the model's context
  std::int64_t stride = 0;       ///< from one window to the next, at most the context; 0: the context, windows touch
  std::int64_t max_windows = 0;  ///< evenly spread over the test text; 0: all
  std::int64_t batch_tokens = 2048;   ///< that pass through a model at once; bounds the memory
  std::int64_t outlier_windows = 16;  ///< windows of the test text in which outliers are counted
  /// Windows of the test text on which the loss is attributed to layers (eval/experiments/attribution.h); 0: not done.
  /// Takes up to four passes for each layer of each recipe without transforms, and one back.
  std::int64_t attribution_windows = 0;
  /// Layers of the FP32 model that the report explains (eval/explain/explain.h), those with the largest outliers; 0:
  /// none.
  std::int64_t explain_layers = 4;
  BootstrapOptions bootstrap;
  OutlierOptions outliers;
  SpeedOptions speed;
  std::vector<std::string> prompts = {"In the beginning"};  ///< each is continued by every model
  SamplingOptions sampling;
  std::optional<OutlierLabConfig> outlier_lab;  ///< plant outliers, and apply all recipes to that model too

  std::int64_t context_of(const GptConfig& model) const { return context == 0 ? model.context : context; }
  std::int64_t stride_of(const GptConfig& model) const { return stride == 0 ? context_of(model) : stride; }

  template <class V>
  void visit(V& v) {
    v("context", context, at_least(0));
    v("stride", stride, at_least(0));
    v("max_windows", max_windows, at_least(0));
    v("batch_tokens", batch_tokens, at_least(1));
    v("outlier_windows", outlier_windows, at_least(1));
    v("attribution_windows", attribution_windows, at_least(0));
    v("explain_layers", explain_layers, in_range(0, 64));
    v("bootstrap", bootstrap);
    v("outliers", outliers);
    v("speed", speed);
    v("prompts", prompts, not_empty());
    v("sampling", sampling);
    v("outlier_lab", outlier_lab);
  }
  void validate(Problems& problems) const;
};

}  // namespace octet
