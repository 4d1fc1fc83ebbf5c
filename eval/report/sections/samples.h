#pragma once

#include <string>
#include <vector>

#include "eval/report/sections/section.h"

namespace octet {

struct TextSample;

/// What one model wrote after a prompt.
struct ReportContinuation {
  std::string model, text;

  template <class V>
  void visit(V& v) {
    v("model", model);
    v("text", text);
  }
};

/// What all models wrote after one prompt, in the order of the models.
struct ReportSample {
  std::string prompt;
  std::vector<ReportContinuation> texts;

  template <class V>
  void visit(V& v) {
    v("prompt", prompt);
    v("texts", texts);
  }
};

/// The texts of make_samples(): all of them, and those of the first prompt also with their models.
void put_samples(Report& report, std::span<const TextSample> samples);

/// What the models wrote after each prompt. A report.json of before `samples` has one prompt, with a text per model.
std::vector<ReportSample> list_samples(const Report& report);

/// Texts that each model wrote, side by side.
ReportSection samples_section();

}  // namespace octet
