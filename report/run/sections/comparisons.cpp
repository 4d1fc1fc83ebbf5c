#include "report/run/sections/comparisons.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/score/paired.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"
#include "report/run/sections/verdict.h"

namespace octet {
namespace {

/// With FP32 and one other model the headline has said it.
bool is_shown(const Report& report) {
  return report.comparisons.size() > 1;
}

const std::vector<std::string>& header() {
  static const std::vector<std::string> names = {"Model", "beside", "perplexity", "Is the step real?"};
  return names;
}

std::string verdict(const Interval& increase) {
  switch (judge_difference(increase)) {
    case Difference::real_loss:
      return "yes";
    case Difference::real_gain:
    case Difference::none:
      return "could be chance";
    case Difference::unknown:
      return "not measured";
  }
  return {};
}

std::vector<std::vector<std::string>> rows(const Report& report, std::string (*escape)(std::string_view)) {
  std::vector<std::vector<std::string>> lines;
  for (const ReportComparison& step : report.comparisons) {
    lines.push_back({escape(step.worse), escape(step.better),
                     fmt::format("{} ({} to {})", format_change(step.ppl_increase.mean),
                                 format_change(step.ppl_increase.low), format_change(step.ppl_increase.high)),
                     verdict(step.ppl_increase)});
  }
  return lines;
}

std::string explanation(const Report& report) {
  return fmt::format(
      "Models from the best to the worst, beginning below {}; each is compared with the one above it on the same "
      "tokens. Where the {} interval of the difference includes 0, the two may as well stand the other way round.",
      report.comparisons.front().better, format_confidence(report.protocol.confidence));
}

std::string markdown(const Report& report) {
  if (!is_shown(report)) return "";
  std::string text = escape_markdown(explanation(report)) + "\n\n" + markdown_header(header());
  for (const auto& row : rows(report, escape_markdown)) text += markdown_row(row);
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (!is_shown(report)) return "";
  return "<p>" + escape_html(explanation(report)) + "</p>\n" + html_table(header(), rows(report, escape_html), 2);
}

}  // namespace

std::vector<ReportComparison> compare_neighbours(std::span<const Evaluation> evaluations,
                                                 const BootstrapOptions& options) {
  std::vector<const Evaluation*> ranking;
  for (const Evaluation& evaluation : evaluations) ranking.push_back(&evaluation);
  std::stable_sort(ranking.begin(), ranking.end(),
                   [](const Evaluation* a, const Evaluation* b) { return a->nll < b->nll; });
  std::vector<ReportComparison> steps;
  for (std::size_t i = 1; i < ranking.size() && ranking[i]->windows.size() > 1; ++i) {
    steps.push_back({ranking[i - 1]->name, ranking[i]->name,
                     perplexity_increase(delta_nll(*ranking[i - 1], *ranking[i], options))});
  }
  return steps;
}

ReportSection comparisons_section() {
  return {.id = "comparisons", .title = "Which differences are real", .markdown = markdown, .html = html};
}

}  // namespace octet
