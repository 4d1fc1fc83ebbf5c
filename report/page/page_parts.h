#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/charts/charts.h"

namespace octet {

// What the pages of runs, of comparisons and of labs say in the same way, in Markdown and in HTML.

/// The sentences of a paragraph, escaped, with a space behind each.
std::string markdown_sentences(const std::vector<std::string>& sentences);
std::string html_sentences(const std::vector<std::string>& sentences);

/// What a reader should know first: a paragraph for each notice.
std::string markdown_notices(const std::vector<std::string>& notices);
std::string html_notices(const std::vector<std::string>& notices);

/// A chart below its title, with its caption, from charts/NAME.svg beside the page; `level` is that of the heading, 1
/// to 6. Of HTML: html_figure().
std::string markdown_figure(const Chart& chart, std::size_t level);

/// The same results three times: for programs, as text, and for a browser.
struct Pages {
  std::string json, markdown, html;
};

/// Writes NAME.json, NAME.md and NAME.html into the folder, which it creates where it is missing.
void write_pages(const std::filesystem::path& folder, const std::string& name, const Pages& pages);

}  // namespace octet
