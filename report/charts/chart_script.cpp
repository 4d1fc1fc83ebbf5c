#include "report/charts/chart_script.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/shown_text.h"

namespace octet {

namespace fs = std::filesystem;

namespace {

/// Escaped for enhanced text. Quotes become octal codes, so that none stands in the script at all: where one ends a
/// string is not the same in all of gnuplot's commands.
std::string escape_enhanced(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\'':
        escaped += "\\047";
        break;
      case '`':
        escaped += "\\140";
        break;
      case '\t':
        escaped += ' ';
        break;
      default:
        if (std::string_view("_^{}@&~\\").find(c) != std::string_view::npos) escaped += '\\';
        escaped += c;
    }
  }
  return escaped;
}

/// The one way for a text into a script: no control character, each of its lines in single quotes of its own (a line
/// feed would end the command, and what follows would be the next), between `before` and `after`.
std::string quoted_lines(std::string_view text, std::string_view before, std::string_view after) {
  const std::string shown = shown_text(text);
  std::string expression;
  for (std::size_t begin = 0; begin <= shown.size();) {
    const std::size_t end = std::min(shown.find('\n', begin), shown.size());
    if (begin > 0) expression += ".\"\\n\".";
    expression += fmt::format("'{}{}{}'", before, escape_enhanced(shown.substr(begin, end - begin)), after);
    begin = end + 1;
  }
  return expression;
}

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.7g}", value) : "NaN";
}

}  // namespace

std::string gp_text(std::string_view text) {
  return quoted_lines(text, "", "");
}

std::string gp_bold(std::string_view text) {
  return quoted_lines(text, "{/:Bold ", "}");
}

std::string gp_tic(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? std::string("%%") : std::string(1, c);
  return gp_text(doubled);
}

double tic_step(double reach) {
  const double power = std::pow(10.0, std::floor(std::log10(reach / 3)));
  for (const double digit : {1, 2, 5}) {
    if (reach < 3 * digit * power) return digit * power;
  }
  return 10 * power;
}

ChartScript::ChartScript(std::string name, int width, int height) : name_(std::move(name)) {
  check(file_name_for(name_) == name_,
        "[chart] expected a name of letters, digits, '-' and '_', of at most 100 characters, got '{}'", name_);
  std::string identifier = name_;  // gnuplot refuses hyphens in the name inside a picture
  std::replace(identifier.begin(), identifier.end(), '-', '_');
  script_ =
      fmt::format(R"(# Drawn by Octet. To draw it again after a change: gnuplot {0}.gp
reset
set encoding utf8
set terminal svg size {1},{2} enhanced font 'Arial,13' background '{3}' name '{7}'
set output '{0}.svg'
DATA = '{0}.dat'
set datafile missing 'NaN'
set border 3 linecolor rgb '{4}'
set tics nomirror scale 0.5 textcolor rgb '{4}'
set grid ytics linetype 1 linecolor rgb '{5}' linewidth 1
set title textcolor rgb '{6}'
set xlabel textcolor rgb '{6}'
set ylabel textcolor rgb '{6}'
set key textcolor rgb '{6}' samplen 2 spacing 1.2
)",
                  name_, width, height, Palette::kPaper, Palette::kMuted, Palette::kGrid, Palette::kInk, identifier);
}

int ChartScript::begin_block(std::string_view columns) {
  if (blocks_ > 0) data_ += "\n\n";  // two empty lines part the blocks that `index` counts
  data_ += fmt::format("# index {}: {}\n", blocks_, columns);
  return blocks_++;
}

void ChartScript::row(std::initializer_list<double> numbers) {
  const char* separator = "";
  for (const double value : numbers) {
    data_ += separator + number(value);
    separator = " ";
  }
  data_ += '\n';
}

void ChartScript::line(std::string_view gnuplot_command) {
  script_ += gnuplot_command;
  script_ += '\n';
}

Chart ChartScript::draw(const fs::path& folder, std::string title, std::string caption) const {
  const ChartSupport support = charts_available();
  if (!support.available) fail(ErrorKind::capability, "[chart] {}", support.reason);
  make_folder(folder);
  write_file_atomically(folder / (name_ + ".dat"), data_);
  const fs::path script = folder / (name_ + ".gp");
  write_file_atomically(script, script_ + "unset output\n");
  run_gnuplot(script);
  return {name_, std::move(title), std::move(caption)};
}

}  // namespace octet
