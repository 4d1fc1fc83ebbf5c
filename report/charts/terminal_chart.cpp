#include "report/charts/terminal_chart.h"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files/read_file.h"
#include "base/shown_text.h"
#include "base/wrap_text.h"
#include "report/charts/chart_script.h"
#include "report/charts/gnuplot.h"

namespace octet {

namespace fs = std::filesystem;

namespace {

/// Replaces the line that begins with `begin`. Error (input) where there is none.
void replace_line(std::string& script, std::string_view begin, const std::string& line) {
  const std::size_t at = script.find("\n" + std::string(begin));
  if (at == std::string::npos) {
    fail(ErrorKind::input, "[terminal chart] expected a script with a line that begins with \"{}\", got none", begin);
  }
  script.replace(at + 1, script.find('\n', at + 1) - at - 1, line);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// Labels "int4  4.65 bits/weight" without what stands behind the two spaces: in so few columns it would lie on the
/// label beside it.
void shorten_labels(std::string& script) {
  for (std::size_t at = 0; (at = script.find("\nset label '", at)) != std::string::npos; ++at) {
    const std::size_t close = script.find("' at ", at);
    const std::size_t gap = script.rfind("  ", close);
    if (close != std::string::npos && gap != std::string::npos && gap > at) script.erase(gap, close - gap);
  }
}

/// What gp_tic() made of a name, as the name.
std::string shown_name(std::string text) {
  replace_all(text, "%%", "%");
  return std::regex_replace(text, std::regex("\\\\([^0-9])"), "$1");
}

/// Names below an axis that stand aslant, which characters cannot, as numbers that fit beside each other; the names by
/// their numbers are returned: "1 fp32, 2 int8". Labels that stand upright are left out.
std::string number_names(std::string& script, int columns) {
  static const std::regex upright("\nset label [^\n]* rotate by 90 [^\n]*");
  static const std::regex names("\nset xtics [^(\n]*\\(([^\n]*)\\)[^\n]*");
  static const std::regex name("'([^']*)' +(\\d+)");
  script = std::regex_replace(script, upright, "");
  std::smatch found;
  if (!std::regex_search(script, found, names) || found.str().find(" rotate by ") == std::string::npos) return {};
  const std::string list = found[1];
  const auto count = std::distance(std::sregex_iterator(list.begin(), list.end(), name), std::sregex_iterator());
  const auto step = 1 + 4 * count / columns;  // a number and a space, of three characters, less the margins
  std::string tics, shown;
  for (std::sregex_iterator at(list.begin(), list.end(), name); at != std::sregex_iterator(); ++at) {
    const int place = std::stoi((*at)[2]);
    if (place % step == 0) tics += fmt::format("{}'{}' {}", tics.empty() ? "" : ", ", place + 1, place);
    shown += fmt::format("{}{} {}", shown.empty() ? "" : ", ", place + 1, shown_name((*at)[1]));
  }
  script.replace(static_cast<std::size_t>(found.position()), static_cast<std::size_t>(found.length()),
                 fmt::format("\nset xtics ({}) scale 0 norotate", tics));
  return shown;
}

/// Panels that stand in a table become as many side by side as have room for their titles, the others below, and the
/// terminal as tall as they need. Margins, shares of a picture whose letters are small, are left to gnuplot.
TerminalRoom arrange_panels(std::string& script, TerminalRoom room) {
  constexpr int kPanelColumns = 64;  // the longest title of a panel has 62
  constexpr int kPanelRows = 16;     // five lines of title, two of axis, and bars
  static const std::regex table("\nset multiplot layout (\\d+),(\\d+) margins \\S+ spacing \\S+");
  std::smatch found;
  if (!std::regex_search(script, found, table)) return room;
  const int across = std::stoi(found[2]), panels = std::stoi(found[1]) * across;
  const int columns = std::clamp(room.columns / kPanelColumns, 1, across);
  const int rows = (panels + columns - 1) / columns;
  const std::string layout = fmt::format("\nset multiplot layout {},{}", rows, columns);
  script.replace(static_cast<std::size_t>(found.position()), static_cast<std::size_t>(found.length()), layout);
  replace_all(script, "set format y ''", "set format y '%g'");  // no panel on the left has the numbers
  room.rows = std::max(room.rows, rows * kPanelRows);
  return room;
}

/// The length of the sequence ESC [ digits and ; m that `text` begins with; 0 where it begins with none.
std::size_t colour_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

/// Lines and spaces at their ends that show nothing.
std::string without_empty_lines(const std::string& text) {
  std::string kept, waiting;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    waiting += line + "\n";
    if (only_colours(line, false).find_first_not_of(' ') != std::string::npos) {
      kept += kept.empty() ? line + "\n" : waiting;
      waiting.clear();
    }
    begin = end + 1;
  }
  return kept;
}

}  // namespace

std::string script_for_terminal(std::string script, const TerminalRoom& given, int gnuplot_version,
                                std::string_view output) {
  const TerminalRoom room = arrange_panels(script, given);
  const std::string size = fmt::format("size {},{}", room.columns, room.rows);
  const char* colours = room.colours ? "ansi256" : "mono";
  replace_line(script, "set terminal svg",
               gnuplot_version >= 6 ? fmt::format("set terminal block quadrants enhanced {} {}", size, colours)
                                    : fmt::format("set terminal dumb enhanced nofeed {} {}", size, colours));
  replace_line(script, "set output", fmt::format("set output '{}'", output));
  replace_line(script, "set grid", "unset grid");
  // In so few rows it would lie on the data, and beside another in one row be dropped.
  for (const char* key : {"set key top left horizontal", "set key top left"}) {
    replace_all(script, key, "set key tmargin center vertical");
  }
  replace_all(script, "'10^{%L}'", "'1e%L'");  // an exponent would stand in a row of its own
  shorten_labels(script);
  for (const char* grey : {Palette::kInk, Palette::kMuted}) replace_all(script, grey, "#888888");
  return script;
}

std::string only_colours(std::string_view text, bool colours) {
  std::string kept, plain;
  const auto flush = [&] {
    kept += shown_text(plain);
    plain.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t length = colour_length(text.substr(at)); length > 0) {
      flush();
      if (colours) kept += text.substr(at, length);
      at += length;
    } else {
      plain += text[at++];
    }
  }
  flush();
  return kept;
}

std::string terminal_chart(const fs::path& folder, const std::string& name, const TerminalRoom& room) {
  const std::string output = name + ".txt";
  const fs::path file = folder / (name + ".gp");
  std::string script = read_text_file(file);
  std::string names = number_names(script, room.columns);
  if (!names.empty()) names = only_colours(wrapped(names, static_cast<std::size_t>(room.columns)), false) + "\n";
  std::string drawn = gnuplot_output(file, script_for_terminal(script, room, gnuplot_version(), output), output);
  std::erase(drawn, '\f');  // some versions begin a page whatever they are told
  return without_empty_lines(only_colours(drawn, room.colours)) + (room.colours ? "\x1b[0m" : "") + names;
}

}  // namespace octet
