#include "eval/report/sections/charts.h"

#include <fmt/format.h>

#include "base/files/read_file.h"
#include "eval/report/html.h"
#include "eval/report/markdown.h"
#include "eval/report/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  std::string text;
  for (const Chart& chart : report.charts) {
    text += fmt::format("## {0}\n\n![{0}](charts/{1}.svg)\n\n{2}\n\n", escape_markdown(chart.title), chart.name,
                        escape_markdown(chart.caption));
  }
  return text;
}

std::string figure(const Chart& chart, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "charts" / (chart.name + ".svg");
  std::error_code ignored;
  const bool exists = std::filesystem::is_regular_file(file, ignored);
  const std::string picture = exists ? inline_svg(read_text_file(file), chart.name, chart.title) : "";
  if (picture.empty()) {
    return fmt::format(
        "<p class=\"notice\">The chart \"{}\" is left out: charts/{}.svg is missing or no picture of gnuplot.</p>\n",
        escape_html(chart.title), escape_html(chart.name));
  }
  return fmt::format("<figure><div class=\"picture\">{}</div><figcaption><b>{}.</b> {}</figcaption></figure>\n",
                     picture, escape_html(chart.title), escape_html(chart.caption));
}

std::string html(const Report& report, const std::filesystem::path& folder) {
  std::string figures;
  for (const Chart& chart : report.charts) figures += figure(chart, folder);
  return html_section("charts", "Charts", figures);
}

}  // namespace

ReportSection charts_section() {
  return {.markdown = markdown, .html = html};
}

}  // namespace octet
