#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace octet {

/// Room for a chart in a terminal, and whether it may have colours.
struct TerminalRoom {
  int columns = 100, rows = 32;
  bool colours = false;
};

/// The script of a chart (ChartScript) with characters for pixels: the same commands for another terminal of gnuplot,
/// "block" of version 6 and later or else "dumb", into `output`. Labels of points are the names
/// alone. Panels side by side that would be too narrow for their titles stand below each other, which takes more rows.
/// The greys of the page become one that is read on black and on white.
std::string script_for_terminal(std::string script, const TerminalRoom& given, int gnuplot_version,
                                std::string_view output);

/// `text` without what steers a terminal but for its colours (ESC [ digits and ; m), which stay where `colours` says
/// so.
std::string only_colours(std::string_view text, bool colours);

/// The chart NAME of folder, drawn by the NAME.gp and NAME.dat that a draw_ function of charts.h has just written
/// there, as lines of characters; names that stand aslant below an axis as numbers, and the names by their numbers
/// below the chart. Errors: capability where gnuplot is missing; input for a script that is missing or not Octet's; run
/// where gnuplot fails; interrupted.
std::string terminal_chart(const std::filesystem::path& folder, const std::string& name, const TerminalRoom& room);

}  // namespace octet
