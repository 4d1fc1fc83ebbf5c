#include <array>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/files/read_file.h"
#include "report/charts/chart_script.h"
#include "report/charts/plain_svg.h"
#include "report/page/html.h"

namespace octet {

namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// gnuplot writes the colours of Palette as `#rrggbb`, `rgb(r,g,b)` or `rgb( r, g, b)`; they follow the theme
/// of the page.
const std::map<std::string, std::string>& theme_colors() {
  static const std::map<std::string, std::string> colors{
      {Palette::kInk, "var(--ink)"},     {Palette::kMuted, "var(--muted)"}, {Palette::kGrid, "var(--grid)"},
      {Palette::kPaper, "var(--paper)"}, {Palette::kBlue, "var(--blue)"},   {Palette::kOrange, "var(--orange)"},
      {Palette::kGreen, "var(--green)"}, {Palette::kRed, "var(--red)"},     {Palette::kPurple, "var(--purple)"},
      {Palette::kSky, "var(--sky)"}};
  return colors;
}

std::string follow_theme(const std::string& svg) {
  std::string themed;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = svg.find("rgb(", at)) != std::string::npos; ++at) {
    int red = 0, green = 0, blue = 0;
    const std::size_t end = svg.find(')', at);
    if (end == std::string::npos) break;
    const std::string color = svg.substr(at, end + 1 - at);
    if (std::sscanf(color.c_str(), "rgb( %d , %d , %d", &red, &green, &blue) != 3) continue;
    const auto found = theme_colors().find(fmt::format("#{:02x}{:02x}{:02x}", red, green, blue));
    if (found == theme_colors().end()) continue;
    themed += svg.substr(done, at - done) + found->second;
    done = end + 1;
  }
  themed += svg.substr(done);
  for (const auto& [color, variable] : theme_colors()) {
    replace_all(themed, "\"" + color + "\"", "\"" + variable + "\"");
  }
  for (const char* attribute : {"color", "fill", "stroke"}) {
    replace_all(themed, fmt::format("{}=\"black\"", attribute), fmt::format("{}=\"var(--ink)\"", attribute));
    replace_all(themed, fmt::format("{}='black'", attribute), fmt::format("{}='var(--ink)'", attribute));
  }
  return themed;
}

/// A link that saves a file which the page holds; "" where there is no such file, or a large one.
std::string download(const std::filesystem::path& file) {
  constexpr std::uintmax_t kMostBytes = 100'000;  // the whole page is to stay below 3 MB
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error) || std::filesystem::file_size(file, error) > kMostBytes) return "";
  const std::string name = escape_html(file.filename().string());
  return fmt::format(" <a download=\"{0}\" href=\"data:text/plain;charset=utf-8;base64,{1}\">{0}</a>", name,
                     base64_of(read_text_file(file)));
}

/// What drew a chart: gnuplot draws it again from these two.
std::string downloads(const std::filesystem::path& folder, const std::string& name) {
  const std::string links =
      download(folder / "charts" / (name + ".gp")) + download(folder / "charts" / (name + ".dat"));
  return links.empty() ? "" : "<span class=\"downloads\">Script and data:" + links + "</span>";
}

}  // namespace

std::string inline_svg(const std::string& svg, const std::string& name, const std::string& title) {
  const std::size_t begin = svg.find("<svg");
  const std::size_t head_end = svg.find('>', begin);
  if (begin == std::string::npos || head_end == std::string::npos) return "";
  const std::string head = svg.substr(begin, head_end - begin);
  const std::size_t box = head.find("viewBox=\"");
  int width = 0, height = 0;
  if (box == std::string::npos || std::sscanf(head.c_str() + box, "viewBox=\"0 0 %d %d\"", &width, &height) != 2)
    return "";

  std::string body = svg.substr(head_end + 1);
  const std::size_t title_begin = body.find("<title>");
  const std::size_t title_end = body.find("</title>");
  if (title_begin != std::string::npos && title_end != std::string::npos) {
    body.erase(title_begin, title_end + 8 - title_begin);  // browsers would show it as a tooltip everywhere
  }
  if (!is_plain_svg(body)) return "";
  body = follow_theme(body);
  for (const char* quote : {"'", "\""}) {
    replace_all(body, fmt::format(" id={}", quote), fmt::format(" id={}{}-", quote, name));
    replace_all(body, fmt::format("href={}#", quote), fmt::format("href={}#{}-", quote, name));
  }
  replace_all(body, "url(#", "url(#" + name + "-");
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
      "viewBox=\"0 0 {} {}\" style=\"max-width:{}px\" role=\"img\" aria-label=\"{}\">{}",
      width, height, width, escape_html(title), body);
}

std::string html_figure(const Chart& chart, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "charts" / (chart.name + ".svg");
  std::error_code ignored;
  const bool exists = std::filesystem::is_regular_file(file, ignored);
  const std::string picture = exists ? inline_svg(read_text_file(file), chart.name, chart.title) : "";
  if (picture.empty()) {
    return fmt::format(
        "<p class=\"notice\">The chart \"{}\" is left out: charts/{}.svg is missing or no picture of gnuplot.</p>\n",
        escape_html(chart.title), escape_html(chart.name));
  }
  return fmt::format("<figure><div class=\"picture\">{}</div><figcaption><b>{}.</b> {}{}</figcaption></figure>\n",
                     picture, escape_html(chart.title), escape_html(chart.caption), downloads(folder, chart.name));
}

}  // namespace octet
