#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "eval/report/report.h"

namespace octet {

// How the report words what it found, shared by the table, the Markdown and the HTML.

/// A row of the headline table: a name, a sentence for newcomers and the value of a model.
struct ReportMetric {
  std::string name;
  std::string explanation;
  std::function<std::string(const ReportModel&)> value;
};
std::vector<ReportMetric> report_metrics(const Report& report);

/// Whether the interval of the perplexity change says that it is real.
enum class Difference { unknown, none, real_loss, real_gain };
Difference judge_difference(const Interval& ppl_increase);

/// What was done, in three sentences.
std::vector<std::string> summarize_run(const Report& report);
/// For each quantized model a sentence on size, one on quality and one on speed.
struct Verdict {
  std::string model;
  std::string size, quality, speed;
};
std::vector<Verdict> judge_models(const Report& report);

/// The tensors of a model that share scheme and reason, largest group first.
struct CoverageGroup {
  std::string scheme, reason;
  std::int64_t tensors = 0;
  double values = 0, bytes = 0;  ///< sums of absurd counts must not overflow
};
std::vector<CoverageGroup> group_coverage(const std::vector<ReportTensor>& coverage);

/// What the models wrote after each prompt. A report.json of before `samples` has one prompt, with a text per model.
std::vector<ReportSample> list_samples(const Report& report);

/// Facts about how the numbers were measured, as (name, value), but for the configuration, which takes lines of its
/// own.
std::vector<std::pair<std::string, std::string>> list_facts(const Report& report);

}  // namespace octet
