#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/files/read_file.h"
#include "eval/report/html.h"
#include "eval/report/text.h"

namespace octet {

namespace {

/// "+0.05 % (95 %: -0.01 % to +0.11 %)" with the part in brackets on a line of its own.
std::string split_brackets(const std::string& value) {
  const std::size_t bracket = value.find(" (");
  if (bracket == std::string::npos) return escape_html(value);
  return fmt::format("{}<span class=\"interval\">{}</span>", escape_html(value.substr(0, bracket)),
                     escape_html(value.substr(bracket + 2, value.size() - bracket - 3)));
}

}  // namespace

std::string html_headline(const Report& report) {
  std::vector<std::string> header{"Measure"};
  for (const ReportModel& model : report.models) header.push_back(escape_html(model.name));
  std::vector<std::vector<std::string>> rows;
  for (const ReportMetric& metric : report_metrics(report)) {
    std::vector<std::string> row{fmt::format("<b>{}</b><span class=\"small\">{}</span>", escape_html(metric.name),
                                             escape_html(metric.explanation))};
    for (const ReportModel& model : report.models) row.push_back(split_brackets(metric.value(model)));
    rows.push_back(std::move(row));
  }
  // On a narrow screen the style sheet needs the number of models, to put them side by side below each measure.
  return fmt::format("<div style=\"--models:{}\">{}</div>\n", std::max<std::size_t>(1, report.models.size()),
                     html_table(header, rows, 1, "headline"));
}

std::string html_verdicts(const Report& report) {
  std::string html;
  for (const Verdict& verdict : judge_models(report)) {
    html += fmt::format("<h3>{}</h3>\n<ul><li>{}</li><li>{}</li><li>{}</li></ul>\n", escape_html(verdict.model),
                        escape_html(verdict.quality), escape_html(verdict.size), escape_html(verdict.speed));
  }
  return html.empty() ? "" : "<div class=\"verdicts\">" + html + "</div>\n";
}

std::string html_charts(const Report& report, const std::filesystem::path& folder) {
  std::string html;
  for (const Chart& chart : report.charts) {
    const std::filesystem::path file = folder / "charts" / (chart.name + ".svg");
    std::error_code ignored;
    const bool exists = std::filesystem::is_regular_file(file, ignored);
    const std::string picture = exists ? inline_svg(read_text_file(file), chart.name, chart.title) : "";
    if (picture.empty()) {
      html += fmt::format(
          "<p class=\"notice\">The chart \"{}\" is left out: charts/{}.svg is missing or no picture of gnuplot.</p>\n",
          escape_html(chart.title), escape_html(chart.name));
      continue;
    }
    html += fmt::format("<figure><div class=\"picture\">{}</div><figcaption><b>{}.</b> {}</figcaption></figure>\n",
                        picture, escape_html(chart.title), escape_html(chart.caption));
  }
  return html;
}

}  // namespace octet
