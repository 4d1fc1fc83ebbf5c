#include <algorithm>

#include <fmt/format.h>

#include "eval/report_text.h"

namespace octet {

namespace {

/// Text inside a paragraph or a table cell: marks that Markdown would take for its own are escaped.
std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      escaped += ' ';
    } else if (c == '<') {
      escaped += "&lt;";
    } else {
      if (std::string_view("|*_`[]\\#").find(c) != std::string_view::npos) escaped += '\\';
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
std::string code_block(const std::string& text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fence + "text\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n\n";
}

std::string headline_table(const Report& report) {
  std::vector<std::string> names{"Measure"};
  for (const ReportModel& model : report.models) names.push_back(escape_markdown(model.name));
  std::string text = header(names);
  const std::vector<ReportMetric> metrics = report_metrics();
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
      "## Text samples\n\nEach version goes on after the same prompt with the same seed ({}).\n\n"
      "Prompt:\n\n",
      report.seed);
  text += code_block(report.prompt);
  for (const ReportModel& model : report.models) {
    if (model.sample.empty()) continue;
    text += escape_markdown(model.name) + ":\n\n" + code_block(model.sample);
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
      text += row({escape_markdown(scheme), format_integer(group.tensors), format_integer(group.values),
                   format_integer(group.bytes)});
    }
    text += "\n";
  }
  return text;
}

std::string outliers(const Report& report) {
  std::string text = "## Outliers\n\n";
  text += header({"Layer", "Of", "std", "max", "max / std", fmt::format("beyond {:g} std", report.sigma_threshold),
                  fmt::format("at least {:g}", report.absolute_threshold)});
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
  if (!report.prompt.empty()) text += samples(report);
  text += coverage(report);
  if (!report.outliers.empty()) text += outliers(report);
  text += "## How it was measured\n\n";
  for (const auto& [name, value] : list_facts(report)) {
    text += fmt::format("- {}: {}\n", name, escape_markdown(value));
  }
  return text;
}

}  // namespace octet
