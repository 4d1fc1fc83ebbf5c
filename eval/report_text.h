#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval/report.h"

namespace octet {

// How the report words and writes its numbers, shared by the table, the Markdown and the HTML. What was not
// measured (NaN) reads "n/a"; what is absurdly large is written with a power of ten.

std::string format_fixed(double value, int decimals);
/// 0.0123 as "1.23 %".
std::string format_percent(double ratio, int decimals = 2);
/// 0.0123 as "+1.23 %"; what rounds to zero has no sign.
std::string format_change(double ratio);
/// The confidence of an interval, 0.95 as "95 %" and 0.995 as "99.5 %"; "n/a" for what is none.
std::string format_confidence(double confidence);
/// A setting as it was given: 6 as "6", 2.5 as "2.5".
std::string format_threshold(double value);
/// Millions of bytes: "8.42 MB".
std::string format_megabytes(std::int64_t bytes);
/// "34,100" and "702"; below ten one decimal.
std::string format_rate(double per_second);
/// "2.27×".
std::string format_times(double ratio);
/// 1234567 as "1,234,567".
std::string format_integer(std::int64_t value);
/// The same of a whole number that may be too large for an integer.
std::string format_total(double whole);
/// KL divergences span many powers of ten: "0", "0.0123", "3.1e-05".
std::string format_divergence(double nats);

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
