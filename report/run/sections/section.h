#pragma once

#include <filesystem>
#include <string>

namespace octet {

struct Report;
class ChartDrawer;
struct MeasuredModels;

/// A section of the report: how it is measured and how it looks. What it holds are the structs of its header, which are
/// members of Report or ReportModel and so keys of report.json. A function that is null, or returns nothing: it has
/// nothing to measure or to show. The
/// pages put the title above what the functions return and the charts of the section below it, and leave a section out
/// that has neither.
struct ReportSection {
  const char* id = "";     ///< of its place in report.html, and Chart::section of its charts
  const char* title = "";  ///< its heading, and its line in the table of contents; empty: it has neither
  /// Fills its members of the report; the sections before it have filled theirs.
  void (*measure)(Report& report, const MeasuredModels& measured) = nullptr;
  /// Markdown, from its first paragraph to an empty line.
  std::string (*markdown)(const Report& report) = nullptr;
  /// The same as HTML; `folder` is where the pictures are, in charts/.
  std::string (*html)(const Report& report, const std::filesystem::path& folder) = nullptr;
  /// Draws its charts.
  void (*draw)(const Report& report, ChartDrawer& drawer) = nullptr;
};

}  // namespace octet
