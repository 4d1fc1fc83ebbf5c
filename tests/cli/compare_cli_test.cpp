// Several runs in one table and on one page.
#include <nlohmann/json.hpp>

#include "report/charts/gnuplot.h"
#include "tests/cli/cli_sample.h"

namespace octet::compare_cli_test {
namespace {

using namespace sample;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(Compare, RunsInATableAsJsonAndOnAPage) {
  const Workplace place;
  copy_finished_run(place.path() / "a");
  copy_finished_run(place.path() / "b");
  ASSERT_EQ(place.octet({"eval", "b", "eval.max_windows=4"}).code, 0);
  const ProcessResult shown = place.octet({"compare", "a", "b/report.json", "--out", "page"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("perplexity: may not be compared between all runs"));
  EXPECT_THAT(shown.out, HasSubstr("eval.max_windows: 8 -> 4"));
  const std::string page = read_text_file(place.path() / "page/compare.html");
  EXPECT_THAT(page, HasSubstr("eval.max_windows: 8 -&gt; 4"));
  EXPECT_THAT(page, Not(HasSubstr("href=\"http"))) << "it needs no other file";
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_EQ(page.find("<svg") != std::string::npos, charts_available().available);
  EXPECT_THAT(read_text_file(place.path() / "page/compare.md"), HasSubstr("eval.max\\_windows: 8 -> 4"));

  const json comparison = json::parse(place.octet({"compare", "a", "b", "--json"}).out);
  EXPECT_EQ(comparison.at("models").size(), 6u);
  EXPECT_EQ(comparison.at("comparability").at(0).at("comparable"), false);
  EXPECT_EQ(comparison.at("comparability").at(3).at("comparable"), true) << "the same machine";
  EXPECT_THAT(comparison.at("config").at(0).at("lines"), Contains("eval.max_windows: 8 -> 4"));
}

TEST(Compare, RefusesWhatIsNoOtherRun) {
  const Workplace place;
  copy_finished_run(place.path() / "a");
  fs::create_directory(place.path() / "empty");
  expect_refused(place, place.octet({"compare", "a", "empty"}), 3, {"empty", "report.json"});
  expect_refused(place, place.octet({"compare", "a", "nowhere"}), 3, {"nowhere"});
  expect_refused(place, place.octet({"compare", "a", "./a/report.json"}), 2, {"same report as a"});
  json other = json::parse(read_text_file(place.path() / "a/report.json"));
  other["version"] = 2;
  write_file_atomically(place.path() / "other.json", other.dump());
  expect_refused(place, place.octet({"compare", "a", "other.json"}), 3, {"other.json", "version", "2"});
}

}  // namespace
}  // namespace octet::compare_cli_test
