#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "report/run/sections/section.h"

namespace octet {

/// The pictures of one section with their captions: those of Report::charts that it drew.
std::string figures_markdown(const Report& report, std::string_view section);
std::string figures_html(const Report& report, std::string_view section, const std::filesystem::path& folder);

/// Stands in what a section returns where it wants its charts; without it they stand below. A comment in both pages.
inline constexpr std::string_view kChartsHere = "<!-- charts -->\n";

/// What a section returned, with its figures in their place.
std::string with_figures(std::string body, const std::string& figures);

/// Charts of no section that this program knows: of a report that another version wrote.
ReportSection charts_section();

}  // namespace octet
