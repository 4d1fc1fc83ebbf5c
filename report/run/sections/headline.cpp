#include "report/run/sections/headline.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "base/number_text.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"
#include "report/run/sections/verdict.h"

namespace octet {
namespace {

std::string change_with_interval(const ReportModel& model, const std::string& confidence) {
  const Interval& change = model.ppl_increase;
  if (!std::isfinite(change.low) || !std::isfinite(change.high) || change.low == change.high) {
    return format_change(change.mean);
  }
  return fmt::format("{} ({}: {} to {})", format_change(change.mean), confidence, format_change(change.low),
                     format_change(change.high));
}

std::string rate_with_speedup(double per_second, double speedup) {
  if (!std::isfinite(per_second)) return format_rate(per_second);
  return std::isfinite(speedup) ? fmt::format("{} ({})", format_rate(per_second), format_times(speedup))
                                : format_rate(per_second);
}

std::string loss_of(const ReportModel& model) {
  switch (judge_difference(model.ppl_increase)) {
    case Difference::real_loss:
      return "yes (" + name_magnitude(model.ppl_increase.mean) + ")";
    case Difference::real_gain:
    case Difference::none:
      return "could be chance";
    case Difference::unknown:
      return "not measured";
  }
  return {};
}

std::vector<ReportMetric> chosen_metrics(const Report& report, bool first_screen) {
  std::vector<ReportMetric> metrics = report_metrics(report);
  std::erase_if(metrics, [&](const ReportMetric& metric) { return metric.on_first_screen != first_screen; });
  return metrics;
}

}  // namespace

std::vector<ReportMetric> report_metrics(const Report& report) {
  const std::string confidence = format_confidence(report.protocol.confidence);
  const ReportModel* baseline = report.models.data();
  return {
      {"Bits per weight", "Storage per parameter, with scales and everything that was left unquantized. FP32 takes 32.",
       [](const ReportModel& m) { return format_fixed(m.bits_per_weight, 2); }, true},
      {"File size", "The model file on disk, embeddings and scales included.",
       [](const ReportModel& m) { return format_megabytes(m.file_bytes); }, true},
      {"Size against FP32", "100 % is the FP32 file. Four times fewer bits would be 25 %, eight times 12.5 %.",
       [](const ReportModel& m) { return format_percent(m.size_ratio, 1); }},
      {"Perplexity",
       "Between how many equally likely tokens the model hesitates, on average, on text it never saw. Lower is better; "
       "comparable only between models with the same tokenizer.",
       [](const ReportModel& m) { return format_fixed(m.perplexity, 3); }, true},
      {"Perplexity change",
       fmt::format("Against FP32 on the very same tokens, with the range that holds the true change with {} "
                   "confidence. If the range includes 0, the change may be chance.",
                   confidence),
       [confidence](const ReportModel& m) { return change_with_interval(m, confidence); }, true},
      {"Is the loss real?", "Whether that range lies above 0, and if so how large the loss is.",
       [baseline](const ReportModel& m) { return &m == baseline ? std::string("the yardstick") : loss_of(m); }, true},
      {"Bits per byte",
       "Bits needed to write down one byte of the text with the model's help. Lower is better; comparable across "
       "tokenizers and with file compressors.",
       [](const ReportModel& m) { return format_fixed(m.bits_per_byte, 4); }},
      {"Next-token accuracy", "How often the model's first choice is the token that really follows.",
       [](const ReportModel& m) { return format_percent(m.accuracy); }},
      {"KL divergence",
       "How far the predicted probabilities moved away from FP32's, in nats; 0 is identical. It sees changes that "
       "cancel out in perplexity.",
       [](const ReportModel& m) { return format_divergence(m.kl_divergence.mean); }},
      {"Same first choice as FP32", "How often both models would write the same next token.",
       [](const ReportModel& m) { return format_percent(m.top1_agreement); }},
      {"Prefill, tokens/s", "Speed of reading a prompt, many tokens at once: limited by arithmetic.",
       [](const ReportModel& m) { return rate_with_speedup(m.prefill_tokens_per_s, m.prefill_speedup); }, true},
      {"Decode, tokens/s", "Speed of writing, one token after the other: limited by reading the weights from memory.",
       [](const ReportModel& m) { return rate_with_speedup(m.decode_tokens_per_s, m.decode_speedup); }, true},
      {"Time to quantize",
       "From the FP32 model to the stored one, with what was read of the text to find scales and codes.",
       [](const ReportModel& m) {
         return std::isfinite(m.quantize_seconds) ? format_duration(m.quantize_seconds) : std::string("n/a");
       }},
  };
}

std::string metrics_markdown(const Report& report, bool first_screen) {
  const std::vector<ReportMetric> metrics = chosen_metrics(report, first_screen);
  std::vector<std::string> names{"Version"};
  for (const ReportMetric& metric : metrics) names.push_back(metric.name);
  std::string text = markdown_header(names);
  for (const ReportModel& model : report.models) {
    std::vector<std::string> cells{escape_markdown(model.name)};
    for (const ReportMetric& metric : metrics) cells.push_back(metric.value(model));
    text += markdown_row(cells);
  }
  text += "\n";
  for (const ReportMetric& metric : metrics) text += "- **" + metric.name + "**: " + metric.explanation + "\n";
  return text + "\n";
}

std::string metrics_html(const Report& report, bool first_screen) {
  const std::vector<ReportMetric> metrics = chosen_metrics(report, first_screen);
  std::vector<std::string> header{"Version"};
  for (const ReportMetric& metric : metrics) header.push_back(escape_html(metric.name));
  std::vector<std::vector<std::string>> rows;
  for (const ReportModel& model : report.models) {
    rows.push_back({fmt::format("<b>{}</b><span class=\"small\">{}</span>", escape_html(model.name),
                                first_screen ? escape_html(model.description) : "")});
    for (const ReportMetric& metric : metrics) rows.back().push_back(html_split_brackets(metric.value(model)));
  }
  std::string meanings;
  for (const ReportMetric& metric : metrics) {
    meanings += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(metric.name), escape_html(metric.explanation));
  }
  return html_table(header, rows, 1, "headline") +
         html_details("What the columns mean", "<dl class=\"facts\">\n" + meanings + "</dl>", "printed");
}

}  // namespace octet
