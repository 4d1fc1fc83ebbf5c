#include "report/charts/terminal_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/charts/charts.h"
#include "tests/report/sample_charts.h"
#include "tests/report/sample_report.h"
#include "tests/support/error_of.h"
#include "tests/support/temporary_folder.h"

namespace octet::terminal_chart_test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kScript =
    "# Drawn\nreset\nset terminal svg size 1,2 name 'a'\nset output 'a.svg'\nset grid ytics\nplot 1 linecolor rgb "
    "'#1f2933'\n";

TEST(ScriptForTerminal, ChoosesTheTerminalOfTheVersion) {
  const std::string old = script_for_terminal(kScript, {.columns = 90, .rows = 30}, 5, "a.txt");
  EXPECT_EQ(old,
            "# Drawn\nreset\nset terminal dumb enhanced nofeed size 90,30 mono\nset output 'a.txt'\nunset grid\nplot 1 "
            "linecolor rgb '#888888'\n");
  EXPECT_THAT(script_for_terminal(kScript, {.columns = 90, .rows = 30, .colours = true}, 6, "a.txt"),
              HasSubstr("\nset terminal block quadrants enhanced size 90,30 ansi256\n"));
  EXPECT_THAT(error_of([] { script_for_terminal("plot 1\n", {}, 5, "a.txt"); }), HasSubstr("set terminal svg"));
}

/// Beside a name of int8 in the same row, the bits of fp32 lay on that name.
TEST(ScriptForTerminal, LabelsAreNamesAlone) {
  const std::string labels = "set label 'a b  32.00 bits/weight' at screen 0.9,0.2 right\nset label 'int8' at 1,1\n";
  EXPECT_THAT(script_for_terminal(kScript + labels, {}, 5, "a.txt"),
              HasSubstr("\nset label 'a b' at screen 0.9,0.2 right\nset label 'int8' at 1,1\n"));
}

/// Four panels in 100 columns lay on each other's titles.
TEST(ScriptForTerminal, PanelsHaveRoomForTheirTitles) {
  const std::string table = "set multiplot layout 2,4 margins 0.1,0.9,0.1,0.9 spacing 0.1,0.2 title 'a'\n";
  const auto at = [&](int columns, int rows) {
    return script_for_terminal(kScript + table, {.columns = columns, .rows = rows}, 5, "a.txt");
  };
  EXPECT_THAT(at(100, 30), HasSubstr("\nset multiplot layout 8,1 title 'a'\n"));
  EXPECT_THAT(at(100, 30), HasSubstr("size 100,128 mono\n"));
  EXPECT_THAT(at(132, 30), HasSubstr("\nset multiplot layout 4,2 title 'a'\n"));
  EXPECT_THAT(at(60, 200), HasSubstr("size 60,200 mono\n"));
  EXPECT_THAT(at(600, 30), HasSubstr("\nset multiplot layout 2,4 title 'a'\n"));
}

/// As whole lines of text: where panels lie on each other, one of them covers a part of the other's title.
TEST(TerminalChart, TitlesOfPanelsAreWhole) {
  if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  const sample::TemporaryFolder folder;
  const sample::OutlierMatrix sample_matrix(4);  // the chart looks into it
  const OutlierChart outliers = sample_matrix.chart();
  draw_outlier_chart(folder.path(), "outliers", outliers);
  draw_matrix_chart(folder.path(), "matrix", sample::matrix_view());
  for (const int columns : {80, 100, 132}) {
    SCOPED_TRACE(columns);
    const TerminalRoom room{.columns = columns, .rows = columns * 3 / 10};
    const std::string chart = terminal_chart(folder.path(), "outliers", room);
    for (const GridPanel& panel : outliers.panels) EXPECT_THAT(chart, HasSubstr(panel.title));
    EXPECT_THAT(chart, HasSubstr("99 % of the values on"));
    EXPECT_THAT(chart, HasSubstr("int4 inputs: perplexity +750.00 %"));
    EXPECT_THAT(chart, HasSubstr("int8 inputs: perplexity +0.64 %"));
    const std::string matrix = terminal_chart(folder.path(), "matrix", room);
    for (const char* title :
         {"The weights over an int4 grid", "Levels that the weights use", "Error against the clip",
          "Ranges of the output channels", "Cells of formats of 4 bits", "Formats above Shannon's line"}) {
      EXPECT_THAT(matrix, HasSubstr(title));
    }
  }
}

TEST(OnlyColours, LeavesNothingElseThatSteers) {
  const std::string text = "\x1b[38;5;32mblue\x1b[0m \x1b]0;title\x07 \x1b[2J\f";
  EXPECT_EQ(only_colours(text, false), "blue \uFFFD]0;title\uFFFD \uFFFD[2J\uFFFD");
  EXPECT_EQ(only_colours(text, true), "\x1b[38;5;32mblue\x1b[0m \uFFFD]0;title\uFFFD \uFFFD[2J\uFFFD");
  EXPECT_EQ(only_colours("\x1b[", true), "\uFFFD[");
}

/// The speed of two versions, one of which has a name that would steer a terminal.
TEST(TerminalChart, IsLinesOfCharacters) {
  if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  const sample::TemporaryFolder folder;
  draw_speed_chart(folder.path(), "speed", {{"fp32", 100, 10}, {"int\x1b[2J8", 150, 20}});
  for (const bool colours : {false, true}) {
    const std::string chart = terminal_chart(folder.path(), "speed", {.columns = 100, .rows = 30, .colours = colours});
    EXPECT_THAT(chart, HasSubstr("prefill (reading the prompt)"));
    EXPECT_THAT(chart, HasSubstr("fp32"));
    EXPECT_THAT(chart, Not(HasSubstr("\x1b[2J")));
    EXPECT_EQ(chart.find('\x1b') != std::string::npos, colours);
    const std::string text = only_colours(chart, false);
    EXPECT_THAT(text.substr(0, text.find('\n')), HasSubstr("prefill (reading the prompt)")) << "no empty line";
    EXPECT_LT(text.find("decode (writing, token by token)"), text.find("Speed relative to fp32")) << "above the data";
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 3) << ".gp, .dat and .svg alone";
}

/// Names that stand aslant in the page lay on each other.
TEST(TerminalChart, NamesOfManyAreNumbers) {
  if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  const sample::TemporaryFolder folder;
  std::vector<SpeedPoint> points(30, {"int8_static 50 %", 150, 20});
  points.front() = {"fp32", 100, 10};
  draw_speed_chart(folder.path(), "speed", points);
  const std::string chart = terminal_chart(folder.path(), "speed", {.columns = 80, .rows = 24});
  EXPECT_THAT(chart, testing::ContainsRegex(" 1 +3 +5 +7 +9 +11 +13 +15 "))
      << "every second of 30 has room in 80 columns";
  EXPECT_THAT(chart, HasSubstr("\n1 fp32, 2 int8_static 50 %, 3 int8_static 50 %, "));
  EXPECT_THAT(chart, HasSubstr("30 int8_static 50 %\n"));
  EXPECT_THAT(chart, Not(HasSubstr("2.00"))) << "speeds that stand upright";
}

}  // namespace
}  // namespace octet::terminal_chart_test
