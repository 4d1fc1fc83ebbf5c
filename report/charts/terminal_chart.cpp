#include "report/charts/terminal_chart.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files/read_file.h"
#include "base/shown_text.h"
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

std::string script_for_terminal(std::string script, const TerminalRoom& room, int gnuplot_version,
                                std::string_view output) {
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
  const fs::path script = folder / (name + ".gp");
  std::string drawn =
      gnuplot_output(script, script_for_terminal(read_text_file(script), room, gnuplot_version(), output), output);
  std::erase(drawn, '\f');  // some versions begin a page whatever they are told
  return without_empty_lines(only_colours(drawn, room.colours)) + (room.colours ? "\x1b[0m" : "");
}

}  // namespace octet
