#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "report/charts/charts.h"

namespace octet {

/// Colours that colour-blind readers tell apart too (Okabe and Ito, 2008), and the greys around
/// them. The HTML report maps the same values to its light and dark themes.
struct Palette {
  static constexpr const char* kBlue = "#0072b2";
  static constexpr const char* kOrange = "#e69f00";
  static constexpr const char* kGreen = "#009e73";
  static constexpr const char* kRed = "#d55e00";
  static constexpr const char* kPurple = "#cc79a7";
  static constexpr const char* kSky = "#56b4e9";
  static constexpr const char* kInk = "#1f2933";
  static constexpr const char* kMuted = "#616e7c";
  static constexpr const char* kGrid = "#e4e7eb";
  static constexpr const char* kPaper = "#ffffff";
};

// Texts come from users and from other people's run folders; a script is a program that can start others. So every
// text goes through one of these functions, and stands nowhere but inside single quotes.

/// `text` as a gnuplot string expression that shows exactly these characters: control characters are replaced
/// (shown_text), the marks of gnuplot's enhanced text (_ ^ { } @ & ~ \) are escaped, and single quotes keep `commands`
/// in backquotes and @macros from being run. A newline breaks the line.
std::string gp_text(std::string_view text);
std::string gp_bold(std::string_view text);
/// `text` for a tic label, which gnuplot reads as a number format: percent signs are doubled, then as above.
std::string gp_tic(std::string_view text);

/// The step of an axis from -reach to reach (> 0) with one or two tics on each side of zero, whose labels have room in
/// a panel a quarter as wide as a page: 1, 2 or 5 times a power of ten.
double tic_step(double reach);

/// A gnuplot script under construction together with its numbers. Numbers go into blocks of
/// NAME.dat that the script plots as `DATA index I`.
class ChartScript {
 public:
  /// Error (run) unless `name` is a file name as of file_name_for(): it stands in the script and in names of files.
  ChartScript(std::string name, int width, int height);

  /// Starts a block of numbers with a comment that names its columns; returns its index.
  int begin_block(std::string_view columns);
  void row(std::initializer_list<double> numbers);

  void line(std::string_view gnuplot_command);

  /// Writes NAME.dat and NAME.gp into the folder and draws NAME.svg.
  Chart draw(const std::filesystem::path& folder, std::string title, std::string caption) const;

 private:
  std::string name_;
  std::string script_;
  std::string data_;
  int blocks_ = 0;
};

}  // namespace octet
