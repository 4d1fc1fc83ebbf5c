#include "eval/report/sections/verdict.h"

#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/report/html.h"
#include "eval/report/markdown.h"
#include "eval/report/report.h"

namespace octet {
namespace {

std::string judge_size(const ReportModel& model) {
  if (!std::isfinite(model.size_ratio) || model.size_ratio <= 0) return "Its size was not measured.";
  return fmt::format("The file takes {} of the FP32 file: {} times smaller, {} bits per weight.",
                     format_percent(model.size_ratio, 1), format_fixed(1 / model.size_ratio, 1),
                     format_fixed(model.bits_per_weight, 2));
}

std::string name_magnitude(double ratio) {
  if (!std::isfinite(ratio)) return "of unknown size";
  if (ratio < 0.005) return "hardly noticeable";
  if (ratio < 0.02) return "small";
  if (ratio < 0.06) return "moderate";
  return "large";
}

std::string judge_quality(const ReportModel& model, double confidence) {
  const Interval& change = model.ppl_increase;
  const std::string numbers =
      fmt::format("Perplexity changed by {} ({} interval {} to {})", format_change(change.mean),
                  format_confidence(confidence), format_change(change.low), format_change(change.high));
  switch (judge_difference(change)) {
    case Difference::unknown:
      return "Whether perplexity changed was not measured.";
    case Difference::none:
      return numbers + ". The interval includes 0: on this much text the difference cannot be told from chance.";
    case Difference::real_loss:
      return fmt::format("{}. The interval lies above 0: the loss is real, and {}.", numbers,
                         name_magnitude(change.mean));
    case Difference::real_gain:
      return numbers +
             ". The interval lies below 0: rounding happened to help on this text. Take it as no loss, not as a gain "
             "to count on.";
  }
  return {};
}

std::string word_speed(const char* task, double speedup) {
  if (!std::isfinite(speedup)) return fmt::format("{} speed was not measured", task);
  if (speedup > 1.03) return fmt::format("{} is {} times as fast as FP32", task, format_fixed(speedup, 2));
  if (speedup < 0) return fmt::format("{} speed was not measured", task);
  if (speedup < 0.97) {
    return fmt::format("{} is slower than FP32, at {} of its speed", task, format_percent(speedup, 0));
  }
  return fmt::format("{} is as fast as FP32", task);
}

}  // namespace

Difference judge_difference(const Interval& ppl_increase) {
  if (!std::isfinite(ppl_increase.low) || !std::isfinite(ppl_increase.high)) return Difference::unknown;
  if (ppl_increase.low > 0) return Difference::real_loss;
  if (ppl_increase.high < 0) return Difference::real_gain;
  return Difference::none;
}

std::vector<Verdict> judge_models(const Report& report) {
  std::vector<Verdict> verdicts;
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ReportModel& model = report.models[i];
    std::string speed =
        word_speed("Prefill", model.prefill_speedup) + "; " + word_speed("decode", model.decode_speedup) + ".";
    verdicts.push_back(
        {model.name, judge_size(model), judge_quality(model, report.protocol.confidence), std::move(speed)});
  }
  return verdicts;
}

std::string verdicts_markdown(const Report& report) {
  std::string text;
  for (const Verdict& verdict : judge_models(report)) {
    text += fmt::format("- **{}**: {} {} {}\n", escape_markdown(verdict.model), verdict.size, verdict.quality,
                        verdict.speed);
  }
  return text + "\n";
}

std::string verdicts_html(const Report& report) {
  std::string html;
  for (const Verdict& verdict : judge_models(report)) {
    html += fmt::format("<h3>{}</h3>\n<ul><li>{}</li><li>{}</li><li>{}</li></ul>\n", escape_html(verdict.model),
                        escape_html(verdict.quality), escape_html(verdict.size), escape_html(verdict.speed));
  }
  return html.empty() ? "" : "<div class=\"verdicts\">" + html + "</div>\n";
}

}  // namespace octet
