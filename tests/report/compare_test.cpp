#include "report/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/sample_report.h"

namespace octet::compare_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The second run differs from the first by `change`, the third is the first again.
RunComparison compare_with(void (*change)(Report&)) {
  std::vector<FinishedRun> runs(3, {"", sample::report()});
  const char* names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; ++i) {
    runs[i].report.name = names[i];
    runs[i].report.models.front().weights_sha256 = "1234";
    runs[i].place = std::string("runs/") + names[i];
  }
  change(runs[1].report);
  return compare_runs(runs);
}

/// Names of what may be compared between all runs.
std::vector<std::string> comparable(const RunComparison& comparison) {
  std::vector<std::string> names;
  for (const Comparability& rule : comparison.comparability) {
    if (rule.comparable) names.push_back(rule.numbers);
  }
  return names;
}

const Comparability& rule(const RunComparison& comparison, const std::string& numbers) {
  for (const Comparability& each : comparison.comparability) {
    if (each.numbers == numbers) return each;
  }
  throw std::runtime_error("no rule for " + numbers);
}

const char* const kPerplexity = "perplexity";
const char* const kBytes = "bits per byte";
const char* const kAgainst = "change, KL and same first choice";
const char* const kSpeed = "speed";

TEST(CompareRuns, EqualProtocolsMakeEverythingComparable) {
  const RunComparison comparison = compare_with([](Report& b) { b.models[1].perplexity = 20; });
  EXPECT_THAT(comparable(comparison), ElementsAre(kPerplexity, kBytes, kAgainst, kSpeed));
  EXPECT_EQ(comparison.models.size(), 3 * sample::report().models.size());
  EXPECT_EQ(comparison.models[sample::report().models.size() + 1].perplexity, 20);
}

TEST(CompareRuns, EveryPartOfTheProtocolCounts) {
  const auto changed = [](void (*change)(Report&)) { return comparable(compare_with(change)); };
  EXPECT_THAT(changed([](Report& b) { b.corpus.sha256 = "other"; }), ElementsAre(kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.corpus.test_bytes -= 1; }), ElementsAre(kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.corpus.bytes_per_token = 4; }), ElementsAre(kBytes, kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.protocol.context /= 2; }), ElementsAre(kBytes, kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.protocol.stride /= 2; }), ElementsAre(kBytes, kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.protocol.scored_tokens -= 1; }), ElementsAre(kBytes, kSpeed))
      << "the same share of the text, to a percent";
  EXPECT_THAT(changed([](Report& b) { b.protocol.scored_tokens /= 2; }), ElementsAre(kSpeed));
  EXPECT_THAT(changed([](Report& b) { b.models[0].weights_sha256 = "5678"; }),
              ElementsAre(kPerplexity, kBytes, kSpeed));
  for (const auto change : {+[](Report& b) { b.machine.cpu = "other"; }, +[](Report& b) { b.machine.isa = "other"; },
                            +[](Report& b) { b.machine.gpu = "other"; }, +[](Report& b) { b.machine.threads += 1; },
                            +[](Report& b) { b.machine.backend = "other"; }}) {
    EXPECT_THAT(changed(change), ElementsAre(kPerplexity, kBytes, kAgainst));
  }
}

TEST(CompareRuns, SaysWhatDiffersAndWhoMayBeCompared) {
  const RunComparison comparison = compare_with([](Report& b) { b.protocol.context = 128; });
  const Comparability& perplexity = rule(comparison, kPerplexity);
  EXPECT_THAT(perplexity.groups, ElementsAre(ElementsAre("a", "c"), ElementsAre("b")));
  ASSERT_EQ(perplexity.differences.size(), 1u);
  EXPECT_EQ(perplexity.differences[0].key, "context");
  EXPECT_THAT(perplexity.differences[0].values, ElementsAre("256", "128", "256"));
  for (const std::string& text : {comparison_table(comparison), comparison_markdown(comparison)}) {
    EXPECT_THAT(text, HasSubstr("perplexity"));
    EXPECT_THAT(text, HasSubstr("but they differ in context: 256 (a), 128 (b), 256 (c)"));
    EXPECT_THAT(text, HasSubstr("Within these they may: a, c."));
  }
}

TEST(CompareRuns, RunsOfOneNameAreToldApartByTheirPlace) {
  std::vector<FinishedRun> runs(2, {"here", sample::report()});
  runs[1].place = "there";
  const RunComparison comparison = compare_runs(runs);
  EXPECT_EQ(comparison.runs[0].run, "demo (here)");
  EXPECT_EQ(comparison.runs[1].run, "demo (there)");
  EXPECT_THROW(compare_runs({runs.data(), 1}), Error);
}

TEST(CompareRuns, NamesDoNotActInThePage) {
  RunComparison comparison = compare_with([](Report& b) { b.name = "<script>x</script>"; });
  comparison.config = {{"<script>y</script>", {"name: a -> <script>z</script>"}}};
  const std::string page = comparison_html(comparison, "nowhere");
  for (const char* attack : {"<script>x", "<script>y", "<script>z"}) EXPECT_THAT(page, Not(HasSubstr(attack)));
}

}  // namespace
}  // namespace octet::compare_test
