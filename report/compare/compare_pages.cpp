#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/compare/compare.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/page/page_parts.h"

// A comparison as compare.md, compare.html and for a terminal: one list of columns and of sentences for all.

namespace octet {
namespace {

constexpr std::size_t kMostNameColumns = 18;  // of a terminal
constexpr std::size_t kMostLines = 12;        // of a configuration's differences there
constexpr std::size_t kMostValueColumns = 16;

struct Column {
  const char* name;
  std::string (*value)(const ComparedModel& model);
};

/// Of the change of perplexity; empty for FP32 itself and where it was not measured.
std::string interval_of(const ComparedModel& model) {
  const Interval& change = model.ppl_increase;
  if (!std::isfinite(change.low) || !std::isfinite(change.high) || change.low == change.high) return "";
  return fmt::format("{} to {}", format_change(change.low), format_change(change.high));
}

const std::vector<Column>& columns() {
  static const std::vector<Column> list = {
      {"bits/weight", [](const ComparedModel& m) { return format_fixed(m.bits_per_weight, 2); }},
      {"size", [](const ComparedModel& m) { return format_megabytes(m.file_bytes); }},
      {"perplexity", [](const ComparedModel& m) { return format_fixed(m.perplexity, 3); }},
      {"change", [](const ComparedModel& m) { return format_change(m.ppl_increase.mean); }},
      {"interval", interval_of},
      {"bits/byte", [](const ComparedModel& m) { return format_fixed(m.bits_per_byte, 4); }},
      {"KL", [](const ComparedModel& m) { return format_divergence(m.kl_mean); }},
      {"same first", [](const ComparedModel& m) { return format_percent(m.top1_agreement); }},
      {"prefill/s", [](const ComparedModel& m) { return format_rate(m.prefill_tokens_per_s); }},
      {"decode/s", [](const ComparedModel& m) { return format_rate(m.decode_tokens_per_s); }},
  };
  return list;
}

std::vector<std::string> header() {
  std::vector<std::string> cells = {"run", "model"};
  for (const Column& column : columns()) cells.emplace_back(column.name);
  return cells;
}

std::vector<std::string> row(const ComparedModel& model, const std::string& run, const std::string& name) {
  std::vector<std::string> cells = {run, name};
  for (const Column& column : columns()) cells.push_back(column.value(model));
  return cells;
}

/// "scored tokens: 133,643 (demo), 9,996 (lab)"
std::string describe(const RunDifference& difference, const RunComparison& comparison) {
  std::string text;
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", shortened(difference.values[i], kMostValueColumns),
                        comparison.runs[i].run);
  }
  return fmt::format("{}: {}", difference.key, text);
}

/// Whether numbers may be compared, and what is in the way.
std::string verdict(const Comparability& rule, const RunComparison& comparison) {
  if (rule.comparable) return fmt::format("may be compared between all runs: {}.", rule.condition);
  std::string text =
      fmt::format("may not be compared between all runs. It takes {}, but they differ in ", rule.condition);
  for (const RunDifference& difference : rule.differences) {
    text += (&difference == &rule.differences.front() ? "" : "; ") + describe(difference, comparison);
  }
  std::string within;
  for (const std::vector<std::string>& group : rule.groups) {
    if (group.size() > 1) within += fmt::format("{}{}", within.empty() ? "" : "; ", fmt::join(group, ", "));
  }
  return text + (within.empty() ? "." : fmt::format(". Within these they may: {}.", within));
}

std::vector<std::string> lead(const RunComparison& comparison) {
  std::string names;
  for (const ComparedRun& run : comparison.runs) names += (names.empty() ? "" : ", ") + run.run;
  std::vector<std::string> sentences = {
      fmt::format("{} models of {} runs: {}.", comparison.models.size(), comparison.runs.size(), names)};
  std::string yes, no;
  for (const Comparability& rule : comparison.comparability) {
    std::string& list = rule.comparable ? yes : no;
    list += (list.empty() ? "" : "; ") + rule.numbers;
  }
  if (!yes.empty()) sentences.push_back(fmt::format("May be compared between all of them: {}.", yes));
  if (!no.empty()) sentences.push_back(fmt::format("May not: {}. The reasons stand below the table.", no));
  return sentences;
}

std::string confidences(const RunComparison& comparison) {
  std::string text;
  for (const ComparedRun& run : comparison.runs) {
    const std::string one = format_confidence(run.protocol.confidence);
    if (text.find(one) == std::string::npos) text += (text.empty() ? "" : " or ") + one;
  }
  return text;
}

std::string legend(const RunComparison& comparison) {
  return fmt::format(
      "Change, KL (nats) and same first choice are against FP32 of the same run; the interval is of {} confidence, by "
      "bootstrap over windows. Speeds are tokens per second.",
      confidences(comparison));
}

std::string origin(const ComparedRun& run) {
  return fmt::format("{}: Octet {}{}, {}, {}, {} threads, {}", run.place, run.octet_version,
                     run.commit.empty() ? "" : " (" + run.commit + ")", run.created, run.machine.cpu,
                     run.machine.threads, run.machine.backend);
}

std::string config_title(const ConfigDifferences& config, const RunComparison& comparison) {
  const std::size_t count = config.lines.size();
  return fmt::format("{} beside {}: {} {}", config.run, comparison.runs.front().run, count,
                     count == 1 ? "difference" : "differences");
}

/// Run and model in one column, and the interval below the change: so that it fits a page.
std::string table_html(const RunComparison& comparison) {
  std::vector<std::string> names = {"model"};
  for (const Column& column : columns()) {
    if (column.value != &interval_of) names.emplace_back(column.name);
  }
  std::vector<std::vector<std::string>> rows;
  for (const ComparedModel& model : comparison.models) {
    rows.push_back({fmt::format("{}<span class=\"small\">{}</span>", escape_html(model.name), escape_html(model.run))});
    for (const Column& column : columns()) {
      if (column.value == &interval_of) {
        rows.back().back() += fmt::format("<span class=\"interval\">{}</span>", interval_of(model));
      } else {
        rows.back().push_back(column.value(model));
      }
    }
  }
  return html_table(names, rows, 1, "compared");
}

constexpr const char* kComparable = "What may be compared";
constexpr const char* kConfigs = "How the configurations differ";

}  // namespace

std::string comparison_table(const RunComparison& comparison) {
  std::vector<std::vector<std::string>> rows = {header()};
  for (const ComparedModel& model : comparison.models) {
    rows.push_back(row(model, shortened(model.run, kMostNameColumns), shortened(model.name, kMostNameColumns)));
  }
  std::string text = align_columns(rows, "<<" + std::string(columns().size(), '>')) + "\n";
  for (const Comparability& rule : comparison.comparability) {
    text += one_line(rule.numbers + ": " + verdict(rule, comparison)) + "\n";
  }
  for (const ConfigDifferences& config : comparison.config) {
    text += "\n" + one_line(config_title(config, comparison)) + "\n";
    for (std::size_t i = 0; i < std::min(kMostLines, config.lines.size()); ++i) {
      text += "  " + one_line(config.lines[i]) + "\n";
    }
    if (config.lines.size() > kMostLines) {
      text += fmt::format("  and {} more, which --json lists\n", config.lines.size() - kMostLines);
    }
  }
  for (const std::string& notice : comparison.notices) text += "\nnote: " + one_line(notice) + "\n";
  return text;
}

std::string comparison_markdown(const RunComparison& comparison) {
  std::string text = "# Octet comparison\n\n";
  text += markdown_sentences(lead(comparison)) + "\n\n" + markdown_notices(comparison.notices);
  text += markdown_header(header());
  for (const ComparedModel& model : comparison.models) {
    text += markdown_row(row(model, escape_markdown(model.run), escape_markdown(model.name)));
  }
  text += "\n" + escape_markdown(legend(comparison)) + fmt::format("\n\n## {}\n\n", kComparable);
  for (const Comparability& rule : comparison.comparability) {
    text += fmt::format("- **{}** {}\n", escape_markdown(rule.numbers), escape_markdown(verdict(rule, comparison)));
  }
  text += "\n";
  for (const Chart& chart : comparison.charts) text += markdown_figure(chart, 2);
  if (!comparison.config.empty()) text += fmt::format("## {}\n\n", kConfigs);
  for (const ConfigDifferences& config : comparison.config) {
    text += escape_markdown(config_title(config, comparison)) + "\n\n";
    for (const std::string& line : config.lines) text += "- " + escape_markdown(line) + "\n";
    text += "\n";
  }
  text += "## Runs\n\n";
  for (const ComparedRun& run : comparison.runs) {
    text += fmt::format("- **{}** {}\n", escape_markdown(run.run), escape_markdown(origin(run)));
  }
  return text;
}

std::string comparison_html(const RunComparison& comparison, const std::filesystem::path& folder) {
  std::string figures, verdicts, configs, origins;
  for (const Comparability& rule : comparison.comparability) {
    verdicts += fmt::format("<dt>{} {}</dt><dd>{}</dd>\n", rule.comparable ? "&#10003;" : "&#10007;",
                            escape_html(rule.numbers), escape_html(verdict(rule, comparison)));
  }
  for (const Chart& chart : comparison.charts) figures += html_figure(chart, folder);
  for (const ConfigDifferences& config : comparison.config) {
    std::string lines;
    for (const std::string& line : config.lines) lines += escape_html(one_line(line)) + "\n";
    configs += html_details(escape_html(config_title(config, comparison)), "<pre>" + lines + "</pre>");
  }
  for (const ComparedRun& run : comparison.runs) {
    origins += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(run.run), escape_html(origin(run)));
  }
  return html_page(
      "Octet comparison", fmt::format("{} runs side by side", comparison.runs.size()), html_sentences(lead(comparison)),
      html_notices(comparison.notices) +
          html_section("models", "All models",
                       table_html(comparison) + "<p class=\"small\">" + escape_html(legend(comparison)) + "</p>\n") +
          html_section("comparable", kComparable, "<dl class=\"facts\">\n" + verdicts + "</dl>\n") +
          html_section("chart", "Size and quality", figures) + html_section("config", kConfigs, configs) +
          html_section("runs", "Runs", "<dl class=\"facts\">\n" + origins + "</dl>\n"));
}

void write_comparison(const std::filesystem::path& folder, const RunComparison& comparison) {
  const std::string markdown = comparison_markdown(comparison);
  const std::string html = comparison_html(comparison, folder);
  make_folder(folder);
  write_file_atomically(folder / "compare.md", markdown);
  write_file_atomically(folder / "compare.html", html);
}

}  // namespace octet
