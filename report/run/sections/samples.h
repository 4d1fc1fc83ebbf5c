#pragma once

#include <string>
#include <vector>

#include "report/run/sections/section.h"

namespace octet {

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

/// What the models wrote after each prompt. A report.json of before `samples` has one prompt, with a text per model.
std::vector<ReportSample> list_samples(const Report& report);

/// Lets each model go on after the prompts of the configuration. The texts side by side.
ReportSection samples_section();

}  // namespace octet
