#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "report/page/html.h"
#include "tests/report/sample_report.h"
#include "tests/support/temporary_folder.h"

namespace octet::pages_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPicture =
    "<?xml version=\"1.0\"?>\n<svg width=\"80\" height=\"40\" viewBox=\"0 0 80 40\" xmlns=\"x\">\n<title>t</title>"
    "<rect fill=\"#ffffff\"/><defs><circle id='gpDot'/></defs><use xlink:href='#gpDot'/>"
    "<path stroke='rgb( 31,  41,  51)'/><g fill=\"rgb(0,114,178)\" color=\"black\" stroke='rgb(1, 2, 3)'/></svg>\n";

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escape_html("größe → 4\n"), "größe → 4\n");
  EXPECT_EQ(escape_html("a\xC3\x28\xFF\x01z"), "a\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(escape_html("cut \xE2\x86"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(InlineSvg, FollowsTheThemeAndHasItsOwnIds) {
  const std::string svg = inline_svg(kPicture, "speed", "a \"title\"");
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 80 40\" style=\"max-width:80px\""));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"a &quot;title&quot;\""));
  EXPECT_THAT(svg, HasSubstr("fill=\"var(--paper)\""));
  EXPECT_THAT(svg, HasSubstr("stroke='var(--ink)'"));
  EXPECT_THAT(svg, HasSubstr("fill=\"var(--blue)\" color=\"var(--ink)\""));
  EXPECT_THAT(svg, HasSubstr("rgb(1, 2, 3)")) << "a colour that is not of the palette stays";
  EXPECT_THAT(svg, HasSubstr("id='speed-gpDot'"));
  EXPECT_THAT(svg, HasSubstr("href='#speed-gpDot'"));
  EXPECT_THAT(svg, Not(HasSubstr("<?xml")));
  EXPECT_THAT(svg, Not(HasSubstr("<title>")));
  EXPECT_EQ(inline_svg("no picture", "a", "b"), "");
}

class ReportPages : public ::testing::Test {
 protected:
  std::string html(const Report& report) { return report_to_html(report, folder_.path()); }

  sample::TemporaryFolder folder_;
};

TEST_F(ReportPages, HtmlHasEverySection) {
  const std::string page = html(sample::report());
  for (const char* part : {"id=\"verdict\"",
                           "id=\"result\"",
                           "id=\"samples\"",
                           "id=\"coverage\"",
                           "id=\"outliers\"",
                           "id=\"facts\"",
                           "cannot be told from chance",
                           "b5c4940bcfeee072",
                           "Next-token accuracy",
                           "one-dimensional: too small to matter",
                           "octet run configs/demo.yaml",
                           "int4 prefill is slower than fp32 here",
                           "God, which had been the servant",
                           "2,000 bootstrap",
                           "id=\"token-changes\"",
                           "4,211",
                           "-0.29 %<span class=\"interval\">-0.42 % to -0.16 %</span>",
                           "id=\"comparisons\"",
                           "could be chance",
                           "id=\"seeds\"",
                           "seeds 1, 2, 3",
                           "+3.27 % (+2.68 % to +3.86 %)",
                           "id=\"quality\"",
                           "id=\"layers\"",
                           "read 33.6 GB/s",
                           "id=\"microscope\"",
                           "id=\"live-grid\" hidden",
                           "<a href=\"#microscope\">Under the microscope</a>",
                           "Smallest without a loss that can be told from chance: int8",
                           "id=\"attribution\"",
                           "4.0 % of the whole is left",
                           "+0.01900"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("id=\"charts\""))) << "there are none in this report";
}

/// The page must open without a network.
TEST_F(ReportPages, HtmlLoadsNothing) {
  make_folder(folder_.path() / "charts");
  write_file_atomically(folder_.path() / "charts/speed.svg", kPicture);
  Report report = sample::report();
  report.charts = {{"speed", "Speed", "caption"}};
  std::string page = html(report);
  EXPECT_THAT(page, HasSubstr("speed-gpDot"));
  page = std::regex_replace(page, std::regex("xmlns(:xlink)?=\"[^\"]*\""), "");
  page = std::regex_replace(page, std::regex("createElementNS\\(\"[^\"]*\""), "");  // a name, not a place
  for (const char* outside : {"http:", "https:", "src=", "@import", "url(", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_EQ(page.find("<script"), page.rfind("<script")) << "one script, the page's own";
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"));
}

/// A chart stands in the section that drew it, in both pages; one of no known section in one of its own.
TEST_F(ReportPages, ChartsStandInTheirSections) {
  Report report = sample::report();
  report.charts = {{"old", "Of another version", "caption"},
                   {"a", "Bars", "caption", "speed"},
                   {"b", "Losses", "caption", "training"}};
  const std::string page = html(report), text = report_to_markdown(report);
  for (const auto& [whole, chart, begin, table] :
       {std::tuple(page, "The chart \"Bars\"", "<section id=\"speed\">", "<table"),
        std::tuple(text, "### Bars\n\n![Bars](charts/a.svg)\n\ncaption\n\n", "\n## Speed\n", "\n| Version")}) {
    const std::size_t section = whole.find(begin);
    ASSERT_NE(section, std::string::npos);
    EXPECT_LT(section, whole.find(chart)) << "in its section";
    EXPECT_LT(whole.find(chart), whole.find(table, section)) << "and above its table, where it wants to be";
  }
  EXPECT_THAT(text, HasSubstr("## Training\n\n### Losses\n\n![Losses](charts/b.svg)")) << "nothing but a chart";
  EXPECT_LT(page.find("<section id=\"charts\">"), page.find("Of another version"));
  EXPECT_THAT(text, HasSubstr("## Charts\n\n### Of another version"));
}

TEST_F(ReportPages, ScriptAndDataOfAChartCanBeSaved) {
  make_folder(folder_.path() / "charts");
  write_file_atomically(folder_.path() / "charts/speed.svg", kPicture);
  write_file_atomically(folder_.path() / "charts/speed.gp", "plot");
  Report report = sample::report();
  report.charts = {{"speed", "Speed", "caption", "speed"}};
  const std::string link =
      "<a download=\"speed.gp\" href=\"data:text/plain;charset=utf-8;base64,cGxvdA==\">speed.gp</a>";
  EXPECT_THAT(html(report), HasSubstr("Script and data: " + link + "</span>")) << "there are no data";
  write_file_atomically(folder_.path() / "charts/speed.gp", std::string(100'001, ' '));
  EXPECT_THAT(html(report), Not(HasSubstr("download=\""))) << "the page must stay small";
}

TEST_F(ReportPages, EveryTextIsEscapedInHtml) {
  const std::string attack = "<script>alert('1')</script>";
  Report report = sample::report();
  report.name = report.corpus.name = report.machine.cpu = report.prompt = report.provenance.command = attack;
  report.notices = {attack};
  report.charts = {{"gone", attack, attack}};
  report.outliers[0].layer = report.outliers[0].kind = attack;
  for (ReportModel& model : report.models) model.name = model.description = model.sample = attack;
  report.models[1].coverage[0] = {attack, attack, attack, 1, 1};
  report.models[1].layer_errors[0].layer = attack;
  const std::string page = html(report);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)"));
}

TEST_F(ReportPages, AMissingPictureIsSaidSo) {
  Report report = sample::report();
  report.charts = {{"gone", "Speed", "caption"}};
  EXPECT_THAT(html(report), HasSubstr("The chart \"Speed\" is left out: charts/gone.svg is missing"));
}

/// Samples that part inside a character of several bytes are cut before it: e-acute and e-grave share a first byte.
TEST_F(ReportPages, SamplesPartAtWholeCharacters) {
  Report report = sample::report();
  report.models[0].sample = " caf\u00e9";
  report.models[1].sample = " caf\u00e8";
  EXPECT_THAT(html(report), HasSubstr("<span class=\"same\"> caf</span><span class=\"new\">\u00e8</span>"));
}

TEST_F(ReportPages, AnEmptyReportIsStillAPage) {
  EXPECT_THAT(html(Report{}), HasSubstr("</html>"));
  EXPECT_THAT(report_to_markdown(Report{}), HasSubstr("# Octet report"));
  EXPECT_FALSE(report_table(Report{}).empty());
}

TEST(ReportMarkdown, HasTableVerdictsAndCharts) {
  Report report = sample::report();
  report.charts = {{"speed", "Speed relative to fp32", "Over each bar"}};
  const std::string text = report_to_markdown(report);
  EXPECT_THAT(text, HasSubstr("| Version | Bits per weight | File size | Perplexity | Perplexity change |"));
  EXPECT_THAT(text,
              HasSubstr("| int8 | 8.21 | 2.16 MB | 13.207 | +0.02 % (95 %: -0.01 % to +0.05 %) | could be chance |"));
  EXPECT_THAT(text,
              HasSubstr("| int4 | 4.62 | 1.22 MB | 13.610 | +3.07 % (95 %: +2.65 % to +3.50 %) | yes (moderate) |"));
  EXPECT_THAT(text, HasSubstr("![Speed relative to fp32](charts/speed.svg)"));
  EXPECT_THAT(text, HasSubstr("the loss is real, and moderate"));
  EXPECT_THAT(text, HasSubstr("| blocks.3.mlp.down | one static scale | 0.0 % | n/a | n/a |")) << "what helps it most";
  EXPECT_THAT(text, HasSubstr("> Note: int4 prefill is slower"));
}

TEST(ReportMarkdown, NamesCannotBreakTheTable) {
  Report report = sample::report();
  report.models[1].name = "a|b\n<i>_c_";
  report.models[1].sample = "```\nfence";
  const std::string text = report_to_markdown(report);
  EXPECT_THAT(text, HasSubstr("\n| a\\|b &lt;i>\\_c\\_ | 8.21 |"));
  EXPECT_THAT(text, HasSubstr("````text\n```\nfence\n````\n"));
}

TEST_F(ReportPages, WritesThreeFiles) {
  write_report(folder_.path() / "runs/demo", sample::report());
  const Report back = read_report(folder_.path() / "runs/demo/report.json");
  EXPECT_EQ(report_to_json(back), report_to_json(sample::report()));
  EXPECT_THAT(read_text_file(folder_.path() / "runs/demo/report.html"), HasSubstr("<!DOCTYPE html>"));
  EXPECT_THAT(read_text_file(folder_.path() / "runs/demo/report.md"), HasSubstr("# Octet report: demo"));
}

/// Without gnuplot the run has no charts but a notice, and the report is written all the same.
TEST_F(ReportPages, IsWrittenWithoutGnuplot) {
  const sample::ScopedVariable path("PATH", "/nowhere");
  Report report = sample::report();
  report.notices.push_back("Charts left out: " + charts_available().reason);
  write_report(folder_.path(), report);
  EXPECT_THAT(read_text_file(folder_.path() / "report.html"), HasSubstr("Charts left out: "));
}

TEST_F(ReportPages, AnUnwritableFolderLeavesNothing) {
  write_file_atomically(folder_.path() / "file", "not a folder");
  try {
    write_report(folder_.path() / "file" / "run", sample::report());
    FAIL() << "the parent is a file";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::run);
    EXPECT_THAT(error.what(), HasSubstr("file"));
  }
  EXPECT_EQ(read_text_file(folder_.path() / "file"), "not a folder");
}

TEST_F(ReportPages, AReadOnlyFolderLeavesNothing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_THROW(write_report(folder_.path(), sample::report()), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace octet::pages_test
