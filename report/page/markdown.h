#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace octet {

// The building blocks of report.md.

/// Text inside a paragraph, a heading or a table cell, on one line: no control characters, and whatever Markdown would
/// take for its own is escaped.
std::string escape_markdown(std::string_view foreign);

/// A row of a table; cells hold Markdown.
std::string markdown_row(const std::vector<std::string>& cells);

/// The first row with the line below it. The first column is text, the others are numbers and align right.
std::string markdown_header(const std::vector<std::string>& names);

/// A code block whose fence is longer than any run of backquotes inside.
std::string markdown_code(const std::string& foreign, const char* language = "text");

}  // namespace octet
