#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

struct Chart;

// The building blocks of report.html.

/// A part of the page that its table of contents leads to.
struct PagePart {
  std::string id, title;
};

/// A whole page: `brand` above the title, `lead` (HTML) below it, the table of contents, then `main` (HTML). It needs
/// no other file, and tells the browser to load none and to run no script but its own (a Content-Security-Policy with
/// the hash of that script).
std::string html_page(std::string_view brand, std::string_view title, const std::string& lead, const std::string& main,
                      const std::vector<PagePart>& contents = {});

/// `text` as it may stand in HTML text and in quoted attributes. What shown_text() drops becomes
/// U+FFFD.
std::string escape_html(std::string_view text);

/// A picture of gnuplot as part of the page: without its XML head and fixed size, its greys replaced by the colours
/// of the page's light or dark theme, its ids made unique by `name`.
std::string inline_svg(const std::string& svg, const std::string& name, const std::string& title);

/// A chart with its caption, from folder/charts/NAME.svg; a notice where that is missing or no picture of gnuplot.
/// Below it the script and the numbers that drew it can be saved from the page, where they are not large.
std::string html_figure(const Chart& chart, const std::filesystem::path& folder);

/// The style sheet.
std::string_view report_style();

/// The script: sorts tables, marks the part of the page that is read, unfolds what paper shows. The page says the same
/// without it.
const std::string& report_script();
/// The part of it that moves a grid over weights, where the page has any.
std::string_view microscope_script();

/// A table; cells hold HTML. Columns but the first `text_columns` hold numbers and align right.
std::string html_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t text_columns = 1, std::string_view css_class = "");

/// "+0.05 % (-0.01 % to +0.11 %)", escaped, with the part in brackets on a line of its own: for cells of wide tables.
std::string html_split_brackets(const std::string& value);

/// A section with its title; nothing where the body is empty.
std::string html_section(const char* id, const char* title, const std::string& body);

/// A part that is folded below its summary until it is clicked on. Of the class "printed": it is unfolded on paper.
std::string html_details(const std::string& summary, const std::string& body, const char* css_class = "");

}  // namespace octet
