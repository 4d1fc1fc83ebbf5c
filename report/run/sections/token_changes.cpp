#include "report/run/sections/token_changes.h"

#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/score/token_changes.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/report.h"

namespace octet {
namespace {

bool is_measured(const Report& report) {
  return report.models.size() > 1 && std::isfinite(report.models[1].token_changes.rms_dp);
}

const std::vector<std::string>& header() {
  static const std::vector<std::string> names = {
      "Model",     "KL median",        "KL 99 %",        "KL 99.9 %",      "KL largest",
      "RMS of dp", "dp, 1 % and 99 %", "right to wrong", "wrong to right", "change of accuracy"};
  return names;
}

std::string accuracy(const Interval& change) {
  return std::isfinite(change.low) ? fmt::format("{} ({} to {})", format_change(change.mean), format_change(change.low),
                                                 format_change(change.high))
                                   : format_change(change.mean);
}

std::vector<std::string> cells(const ReportModel& model, std::string (*escape)(std::string_view)) {
  const ReportTokenChanges& changes = model.token_changes;
  return {escape(model.name),
          format_divergence(model.kl_divergence.p50),
          format_divergence(model.kl_divergence.p99),
          format_divergence(model.kl_divergence.p999),
          format_divergence(model.kl_divergence.max),
          format_fixed(changes.rms_dp, 4),
          format_fixed(changes.dp_p01, 3) + ", " + format_fixed(changes.dp_p99, 3),
          format_integer(changes.lost),
          format_integer(changes.gained),
          accuracy(changes.accuracy_change)};
}

std::vector<std::vector<std::string>> rows(const Report& report, std::string (*escape)(std::string_view)) {
  std::vector<std::vector<std::string>> lines;
  for (std::size_t i = 1; i < report.models.size(); ++i) lines.push_back(cells(report.models[i], escape));
  return lines;
}

std::string explanation(const Report& report) {
  return fmt::format(
      "Averages hide what happens to single tokens. KL is how far all probabilities moved at one token, in nats; FP32 "
      "beside itself has exactly 0. dp is the change of the probability of the token that really follows: as far to the "
      "left as to the right is noise, further to the left is damage. The last columns count first choices that flipped: "
      "two models may be right equally often and yet on other tokens. The range holds the true change of accuracy with "
      "{} confidence (McNemar's test: only flips count).",
      format_confidence(report.protocol.confidence));
}

std::string markdown(const Report& report) {
  if (!is_measured(report)) return "";
  std::string text = explanation(report) + "\n\n" + markdown_header(header());
  for (const auto& row : rows(report, escape_markdown)) text += markdown_row(row);
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (!is_measured(report)) return "";
  std::vector<std::vector<std::string>> lines = rows(report, escape_html);
  for (std::vector<std::string>& line : lines) line.back() = html_split_brackets(line.back());
  return "<p>" + explanation(report) + "</p>\n" + html_table(header(), lines);
}

}  // namespace

void put_token_changes(ReportTokenChanges& report, const TokenChanges& changes, double confidence) {
  report.rms_dp = changes.rms_dp;
  report.dp_p01 = changes.dp_p01;
  report.dp_p05 = changes.dp_p05;
  report.dp_p50 = changes.dp_p50;
  report.dp_p95 = changes.dp_p95;
  report.dp_p99 = changes.dp_p99;
  report.lost = changes.lost;
  report.gained = changes.gained;
  report.accuracy_change = changes.tokens > 0 ? accuracy_change(changes, confidence) : Interval();
}

ReportSection token_changes_section() {
  return {.id = "token-changes", .title = "Token by token", .markdown = markdown, .html = html};
}

}  // namespace octet
