#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace octet {

struct Report;
class ChartDrawer;

/// A section of the report: how it looks. What it holds are the structs of its header, which are members of Report or
/// ReportModel and so keys of report.json. A function that is null, or returns nothing: it has nothing to show.
struct ReportSection {
  /// Markdown from its heading to an empty line.
  std::string (*markdown)(const Report& report) = nullptr;
  /// The same as HTML; `folder` is where the pictures are, in charts/.
  std::string (*html)(const Report& report, const std::filesystem::path& folder) = nullptr;
  /// Draws its charts. They all stand in the section of charts.
  void (*draw)(const Report& report, ChartDrawer& drawer) = nullptr;
};

/// All sections, in the order in which they stand in the pages and in which their charts are drawn.
std::span<const ReportSection> report_sections();

}  // namespace octet
