// What a report shows, and that nothing in it acts.
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/charts/gnuplot.h"
#include "tests/cli/cli_sample.h"

namespace octet::report_cli_test {
namespace {

using namespace sample;
using nlohmann::json;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> names_below(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

TEST(ReportOfARun, NamesNeverActAndAreShown) {
  const Workplace place;
  const std::string name = "`id>PWNED` $(id>PWNED) '\";!<script>x()</script>";
  ASSERT_EQ(
      place.octet({"run", "tiny.yaml", "--out", "r", "quantize.0.name=" + name, "quantize.1.name=my größe 4"}).code, 0);
  EXPECT_THAT(names_below(place.path()), Not(testing::Contains("PWNED")));
  const fs::path run = place.path() / "r";
  EXPECT_THAT(read_text_file(run / "report.html"), Not(HasSubstr("is left out"))) << "every chart is in the page";
  EXPECT_THAT(read_text_file(run / "report.html"), Not(HasSubstr("<script>x()")));
  EXPECT_THAT(read_text_file(run / "report.html"), HasSubstr("&lt;script&gt;x()"));
  EXPECT_THAT(read_text_file(run / "report.html"), HasSubstr("my größe 4"));
  const std::string markdown = read_text_file(run / "report.md");  // the configuration stands in a code block
  EXPECT_THAT(markdown.substr(0, markdown.find("```yaml")), Not(HasSubstr("<script")));
  EXPECT_EQ(json::parse(read_text_file(run / "report.json")).at("models").at(1).at("name"), name);

  // The same names, put into a finished run by somebody else.
  fs::remove_all(run / "charts");
  EXPECT_EQ(place.octet({"report", "r"}).code, 0);
  EXPECT_THAT(names_below(place.path()), Not(testing::Contains("PWNED")));
}

TEST(ReportOfARun, ControlCharactersOfNamesReachNoTerminal) {
  const Workplace place;
  const ProcessResult result = place.octet({"run", "tiny.yaml", "--out", "r", "quantize.0.name=a\x1b[31mb"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err.find('\x1b'), std::string::npos) << result.err;
}

TEST(ReportOfARun, AChartThatFailsCostsOnlyItself) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  fs::remove(place.path() / "r/metrics.jsonl");
  const ProcessResult result = place.octet({"report", "r"}, {"GNUTERM=x11", "CDPATH=/somewhere"});
  ASSERT_EQ(result.code, 0) << result.err;
  const json report = json::parse(read_text_file(place.path() / "r/report.json"));
  if (!charts_available().available) {
    EXPECT_EQ(report.at("notices").size(), 1u);
    return;
  }
  ASSERT_EQ(report.at("notices").size(), 1u) << report.at("notices");
  EXPECT_THAT(report.at("notices").at(0).get<std::string>(), HasSubstr("metrics.jsonl"));
  EXPECT_GE(report.at("charts").size(), 4u);
  EXPECT_THAT(read_text_file(place.path() / "r/report.html"), HasSubstr("metrics.jsonl"));
}

/// The output is no terminal: no colours, 80 columns.
TEST(ReportOfARun, ChartsInTheTerminal) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  if (!charts_available().available) {
    EXPECT_EQ(place.octet({"report", "r", "--plot"}).code, 4);
    return;
  }
  const ProcessResult result = place.octet({"report", "r", "--plot"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("file size (MB)"));
  EXPECT_THAT(result.out, HasSubstr("Further left is smaller"));
  EXPECT_THAT(result.out, HasSubstr("prefill (reading the prompt)"));
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(result.out.find('\f'), std::string::npos);
  const ProcessResult one = place.octet({"report", "r", "--plot", "--chart", "training"});
  EXPECT_THAT(one.out, HasSubstr("learning rate"));
  EXPECT_THAT(one.out, Not(HasSubstr("file size (MB)")));
  const auto written = fs::last_write_time(place.path() / "r/report.html");
  const ProcessResult unknown = place.octet({"report", "r", "--plot", "--chart", "training", "--chart", "speeds"});
  expect_refused(place, unknown, 2, {"--chart: expected one of perplexity_size, speed, ", "got \"speeds\""});
  EXPECT_EQ(fs::last_write_time(place.path() / "r/report.html"), written) << "before any work";
  const ProcessResult narrow = place.octet({"report", "r", "--plot", "--chart", "speed"}, {"COLUMNS=64"});
  const std::size_t caption = narrow.out.find("Each bar is a speed");
  ASSERT_NE(caption, std::string::npos) << narrow.out;
  std::istringstream lines(narrow.out.substr(caption));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 64u) << line;
  EXPECT_EQ(place.octet({"report", "r", "--plot", "--json"}).code, 2);
  const ProcessResult missing = place.octet({"report", "r", "--plot"}, {"PATH=/nowhere"});
  EXPECT_EQ(missing.code, 4);
  EXPECT_THAT(missing.err, HasSubstr("gnuplot is not installed"));
}

TEST(ReportOfARun, IntervalsAreCalledByTheirConfidence) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  ASSERT_EQ(place.octet({"eval", "r", "eval.bootstrap.confidence=0.5"}).code, 0);
  ASSERT_EQ(place.octet({"report", "r"}).code, 0);
  for (const char* page : {"report.md", "report.html"}) {
    const std::string text = read_text_file(place.path() / "r" / page);
    // Other shares, as of a speed, may be 95 % too.
    EXPECT_THAT(text, ContainsRegex("50 %, [0-9,]+ bootstrap samples")) << page;
    EXPECT_THAT(text, Not(ContainsRegex("95 %, [0-9,]+ bootstrap samples"))) << page;
    EXPECT_THAT(text, Not(AnyOf(HasSubstr("95 % interval"), HasSubstr("(95 %: ")))) << page;
  }
}

TEST(ReportOfARun, EveryPromptIsContinued) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  ASSERT_EQ(place.octet({"eval", "r", "eval.prompts=[The cat, A river, My house]"}).code, 0);
  ASSERT_EQ(place.octet({"report", "r"}).code, 0);
  const json report = json::parse(read_text_file(place.path() / "r/report.json"));
  ASSERT_EQ(report.at("samples").size(), 3u);
  EXPECT_EQ(report.at("samples").at(1).at("prompt"), "A river");
  EXPECT_EQ(report.at("samples").at(1).at("texts").size(), 3u);
  EXPECT_THAT(read_text_file(place.path() / "r/report.html"), HasSubstr("My house"));
  EXPECT_THAT(read_text_file(place.path() / "r/report.md"), HasSubstr("A river"));
}

TEST(ReportOfARun, WithoutOutliersThereIsAReport) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  json report = json::parse(read_text_file(place.path() / "r/report.json"));
  report["outliers"] = json::array();
  write_file_atomically(place.path() / "r/report.json", report.dump());
  EXPECT_EQ(place.octet({"report", "r"}).code, 0);
}

}  // namespace
}  // namespace octet::report_cli_test
