#include "report/run/sections/verdict.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "base/number_text.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"

namespace octet {
namespace {

std::string judge_size(const ReportModel& model) {
  if (!std::isfinite(model.size_ratio) || model.size_ratio <= 0) return "Its size was not measured.";
  return fmt::format("The file takes {} of the FP32 file: {} times smaller, {} bits per weight.",
                     format_percent(model.size_ratio, 1), format_fixed(1 / model.size_ratio, 1),
                     format_fixed(model.bits_per_weight, 2));
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

constexpr double kLittle = 0.01;  // a loss that most would take for a smaller file

/// The smallest file of those that `fits` holds for; null where it holds for none.
const ReportModel* smallest_of(const std::vector<const ReportModel*>& models,
                               const std::function<bool(const ReportModel&)>& fits) {
  const ReportModel* smallest = nullptr;
  for (const ReportModel* model : models) {
    if (model->file_bytes <= 0 || !fits(*model)) continue;
    if (smallest == nullptr || model->file_bytes < smallest->file_bytes) smallest = model;
  }
  return smallest;
}

const ReportModel* greatest_of(const std::vector<const ReportModel*>& models, double ReportModel::*number) {
  const ReportModel* greatest = nullptr;
  for (const ReportModel* model : models) {
    if (!std::isfinite(model->*number)) continue;
    if (greatest == nullptr || model->*number > greatest->*number) greatest = model;
  }
  return greatest;
}

/// "int4 (6.9 times smaller than FP32, perplexity +0.62 %)"
std::string name_with_size(const ReportModel& model) {
  return fmt::format("{} ({} times smaller than FP32, perplexity {})", model.name,
                     format_fixed(model.size_ratio > 0 ? 1 / model.size_ratio : kNotMeasured, 1),
                     format_change(model.ppl_increase.mean));
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

std::string name_magnitude(double ratio) {
  if (!std::isfinite(ratio)) return "of unknown size";
  if (ratio < 0.005) return "hardly noticeable";
  if (ratio < 0.02) return "small";
  if (ratio < 0.06) return "moderate";
  return "large";
}

std::vector<std::string> choose_models(const Report& report) {
  std::vector<const ReportModel*> models;
  for (std::size_t i = 1; i < report.models.size(); ++i) models.push_back(&report.models[i]);
  if (models.size() < 2) return {};
  std::vector<std::string> sentences;
  const ReportModel* lossless = smallest_of(models, [](const ReportModel& model) {
    const Difference difference = judge_difference(model.ppl_increase);
    return difference == Difference::none || difference == Difference::real_gain;
  });
  sentences.push_back(lossless == nullptr ? std::string("Every version loses more than chance explains.")
                                          : fmt::format("Smallest without a loss that can be told from chance: {}.",
                                                        name_with_size(*lossless)));
  const ReportModel* close = smallest_of(models, [](const ReportModel& m) { return m.ppl_increase.mean < kLittle; });
  if (close != nullptr && close != lossless) {
    sentences.push_back(
        fmt::format("Smallest that loses less than {}: {}.", format_percent(kLittle, 0), name_with_size(*close)));
  }
  if (const ReportModel* fastest = greatest_of(models, &ReportModel::decode_speedup)) {
    sentences.push_back(fmt::format("Fastest of them at writing: {}, {} times the speed of FP32.", fastest->name,
                                    format_fixed(fastest->decode_speedup, 2)));
  }
  const ReportModel* worst = smallest_of(models, [&](const ReportModel& model) {
    return std::none_of(models.begin(), models.end(),
                        [&](const ReportModel* other) { return other->ppl_increase.mean > model.ppl_increase.mean; });
  });
  if (worst != nullptr && worst->ppl_increase.mean >= kLittle) {
    sentences.push_back(fmt::format("Largest loss: {}, {}.", worst->name, format_change(worst->ppl_increase.mean)));
  }
  return sentences;
}

std::string verdicts_markdown(const Report& report) {
  std::string text;
  for (const std::string& sentence : choose_models(report)) text += escape_markdown(sentence) + " ";
  if (!text.empty()) text += "\n\n";
  for (const Verdict& verdict : judge_models(report)) {
    text += fmt::format("- **{}**: {} {} {}\n", escape_markdown(verdict.model), verdict.size, verdict.quality,
                        verdict.speed);
  }
  return text + "\n";
}

std::string choices_html(const Report& report) {
  std::string choices;
  for (const std::string& sentence : choose_models(report)) choices += "<li>" + escape_html(sentence) + "</li>";
  return choices.empty() ? "" : "<ul class=\"choices\">" + choices + "</ul>\n";
}

std::string verdicts_html(const Report& report) {
  std::string verdicts;
  for (const Verdict& verdict : judge_models(report)) {
    verdicts += fmt::format("<h3>{}</h3>\n<ul><li>{}</li><li>{}</li><li>{}</li></ul>\n", escape_html(verdict.model),
                            escape_html(verdict.quality), escape_html(verdict.size), escape_html(verdict.speed));
  }
  if (verdicts.empty()) return "";
  verdicts = "<div class=\"verdicts\" id=\"verdict\">" + verdicts + "</div>\n";
  return report.models.size() > 2 ? html_details("Each version in words", verdicts, "printed") : verdicts;
}

}  // namespace octet
