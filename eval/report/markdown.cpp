#include <algorithm>

#include <fmt/format.h>

#include "base/shown_text.h"
#include "base/text_columns.h"
#include "eval/report/text.h"

namespace octet {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What would make a block of its own at the start of a line: a quote, a list, a heading, a rule, a fence.
bool opens_a_block(const std::string& text, std::size_t at) {
  if (at == 0) return std::string_view("-+>=:").find(text[0]) != std::string_view::npos;
  const bool ends_a_number = text[at] == '.' || text[at] == ')';
  return ends_a_number && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), is_digit);
}

/// What GitHub and others make links of without any mark: `https://`, `www.`.
bool opens_a_link(const std::string& text, std::size_t at) {
  return text.compare(at, 3, "://") == 0 || (text[at] == '.' && at >= 3 && text.compare(at - 3, 3, "www") == 0);
}

/// Text inside a paragraph, a heading or a table cell, on one line: no control characters, and whatever Markdown would
/// take for its own is escaped.
std::string escape_markdown(const std::string& foreign) {
  std::string text = one_line(foreign);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));  // four spaces would make it code
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      const bool is_mark = std::string_view("|*_`[]\\#~$@").find(c) != std::string_view::npos;
      if (is_mark || opens_a_block(text, at) || opens_a_link(text, at)) escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

/// The first column is text, the others are numbers and align right.
std::string header(const std::vector<std::string>& names) {
  std::string line = "|";
  for (std::size_t i = 0; i < names.size(); ++i) line += i == 0 ? " --- |" : " ---: |";
  return row(names) + line + "\n";
}

/// A code block whose fence is longer than any run of backquotes inside.
std::string code_block(const std::string& foreign, const char* language = "text") {
  const std::string text = shown_text(foreign);
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fence + language + "\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n\n";
}

std::string headline_table(const Report& report) {
  std::vector<std::string> names{"Measure"};
  for (const ReportModel& model : report.models) names.push_back(escape_markdown(model.name));
  std::string text = header(names);
  const std::vector<ReportMetric> metrics = report_metrics(report);
  for (const ReportMetric& metric : metrics) {
    std::vector<std::string> cells{metric.name};
    for (const ReportModel& model : report.models) cells.push_back(metric.value(model));
    text += row(cells);
  }
  text += "\n";
  for (const ReportMetric& metric : metrics) text += "- **" + metric.name + "**: " + metric.explanation + "\n";
  return text + "\n";
}

std::string verdicts(const Report& report) {
  std::string text;
  for (const Verdict& verdict : judge_models(report)) {
    text += fmt::format("- **{}**: {} {} {}\n", escape_markdown(verdict.model), verdict.size, verdict.quality,
                        verdict.speed);
  }
  return text + "\n";
}

std::string samples(const Report& report) {
  std::string text = fmt::format(
      "## Text samples\n\nEach version goes on after the same prompt with the same seed ({}).\n\n", report.seed);
  for (const ReportSample& sample : list_samples(report)) {
    text += "Prompt:\n\n" + code_block(sample.prompt);
    for (const ReportContinuation& entry : sample.texts) {
      text += escape_markdown(entry.model) + ":\n\n" + code_block(entry.text);
    }
  }
  return text;
}

std::string coverage(const Report& report) {
  std::string text = "## What was quantized, and what not\n\n";
  for (const ReportModel& model : report.models) {
    if (model.coverage.empty()) continue;
    text += fmt::format("### {}\n\n{}\n\n", escape_markdown(model.name), escape_markdown(model.description));
    text += header({"Scheme", "Tensors", "Values", "Bytes"});
    for (const CoverageGroup& group : group_coverage(model.coverage)) {
      const std::string scheme = group.reason.empty() ? group.scheme : group.scheme + ": " + group.reason;
      text += row({escape_markdown(scheme), format_integer(group.tensors), format_total(group.values),
                   format_total(group.bytes)});
    }
    text += "\n";
  }
  return text;
}

std::string outliers(const Report& report) {
  std::string text = "## Outliers\n\n";
  text += header({"Layer", "Of", "std", "max", "max / std",
                  fmt::format("beyond {} std", format_threshold(report.sigma_threshold)),
                  fmt::format("at least {}", format_threshold(report.absolute_threshold))});
  for (const ReportOutliers& entry : report.outliers) {
    text += row({escape_markdown(entry.layer), escape_markdown(entry.kind), format_fixed(entry.std, 4),
                 format_fixed(entry.max_abs, 3), format_fixed(entry.max_over_std, 1),
                 format_percent(entry.share_sigma, 4), format_percent(entry.share_absolute, 4)});
  }
  return text + "\n";
}

}  // namespace

std::string report_to_markdown(const Report& report) {
  std::string text = fmt::format("# Octet report: {}\n\n", escape_markdown(report.name));
  for (const std::string& sentence : summarize_run(report)) text += escape_markdown(sentence) + " ";
  text += "\n\n";
  for (const std::string& notice : report.notices) text += "> Note: " + escape_markdown(notice) + "\n\n";
  text += "## Result\n\n" + headline_table(report) + verdicts(report);
  for (const Chart& chart : report.charts) {
    text += fmt::format("## {0}\n\n![{0}](charts/{1}.svg)\n\n{2}\n\n", escape_markdown(chart.title), chart.name,
                        escape_markdown(chart.caption));
  }
  if (!list_samples(report).empty()) text += samples(report);
  text += coverage(report);
  if (!report.outliers.empty()) text += outliers(report);
  text += "## How it was measured\n\n";
  for (const auto& [name, value] : list_facts(report)) {
    text += fmt::format("- {}: {}\n", name, escape_markdown(value));
  }
  if (!report.provenance.config.empty()) text += "\nConfiguration:\n\n" + code_block(report.provenance.config, "yaml");
  return text;
}

}  // namespace octet
