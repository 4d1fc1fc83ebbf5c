#pragma once

#include <cstdint>
#include <vector>

#include "report/run/sections/facts.h"
#include "report/run/sections/section.h"
#include "tensor/storage.h"

namespace octet {

class ProgressSink;
struct GptConfig;

/// Zero steps: the model was not trained in this run.
struct ReportTraining {
  std::int64_t parameters = 0;
  std::int64_t steps = 0, tokens = 0;
  double seconds = kNotMeasured, tokens_per_s = kNotMeasured;
  double bits_per_byte = kNotMeasured;       ///< on held-out text at the end
  double share_of_fp32_peak = kNotMeasured;  ///< of what the machine multiplies and adds in registers; 6 N + attention

  template <class V>
  void visit(V& v) {
    v("parameters", parameters);
    v("steps", steps);
    v("tokens", tokens);
    v("seconds", seconds, allow_nonfinite());
    v("tokens_per_s", tokens_per_s, allow_nonfinite());
    v("bits_per_byte", bits_per_byte, allow_nonfinite());
    v("share_of_fp32_peak", share_of_fp32_peak, allow_nonfinite());
  }
};

/// What training took, by its metrics.jsonl; `step` is how far the model was trained, `bits_per_byte` how it ended. The
/// models do without that file, so where it is missing, broken or ends before `step`, this is a note on `progress`, and
/// the report says nothing about the training.
ReportTraining summarize_training(const std::filesystem::path& metrics, std::int64_t step, const GptConfig& model,
                                  double bits_per_byte, DeviceKind device, ProgressSink& progress);

/// Its part of the facts; empty where the model was not trained.
std::vector<Fact> training_facts(const ReportTraining& training);

/// Stands among the facts. Draws losses and the learning rate, from metrics.jsonl.
ReportSection training_section();

}  // namespace octet
