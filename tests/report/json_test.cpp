#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/report/sample_report.h"
#include "tests/support/temporary_folder.h"

namespace octet::json_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

std::string reading_error(const std::string& text) {
  try {
    report_from_json(text, "r.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

/// The sample report as JSON after a change.
std::string changed(const std::function<void(Json&)>& change) {
  Json json = Json::parse(report_to_json(sample::report()));
  change(json);
  return json.dump();
}

TEST(ReportJson, RoundTripKeepsEverything) {
  const std::string text = report_to_json(sample::report());
  EXPECT_EQ(report_to_json(report_from_json(text, "r.json")), text);
}

/// Scripts read these: a key may be added, none may go or change its name.
TEST(ReportJson, KeepsItsContract) {
  const Json json = Json::parse(report_to_json(sample::report()));
  EXPECT_THAT(keys(json),
              ElementsAre("version", "name", "corpus", "machine", "machine_limits", "protocol", "models", "comparisons",
                          "seeds", "training", "sigma_threshold", "absolute_threshold", "outliers", "census",
                          "explained", "microscope", "prompt", "seed", "samples", "charts", "notices", "provenance"));
  EXPECT_THAT(keys(json["corpus"]), ::testing::IsSupersetOf({"name", "sha256", "train_bytes", "test_bytes",
                                                             "tokens_tested", "bytes_per_token"}));
  EXPECT_THAT(keys(json["machine"]), ::testing::IsSupersetOf({"cpu", "isa", "threads", "gpu"}));
  EXPECT_THAT(keys(json["protocol"]), ::testing::IsSupersetOf({"context", "stride", "scored_tokens"}));
  const Json& model = json["models"][1];
  EXPECT_THAT(keys(model), ::testing::IsSupersetOf({"name", "bits_per_weight", "file_bytes", "size_ratio", "nll",
                                                    "perplexity", "bits_per_byte", "delta_nll", "ppl_increase",
                                                    "kl_divergence", "top1_agreement", "prefill_tokens_per_s",
                                                    "decode_tokens_per_s", "prefill_speedup", "decode_speedup"}));
  EXPECT_THAT(keys(model["delta_nll"]), ElementsAre("mean", "low", "high"));
  EXPECT_THAT(keys(model["ppl_increase"]), ElementsAre("mean", "low", "high"));
  EXPECT_THAT(keys(model["kl_divergence"]), ElementsAre("mean", "p99", "max", "p50", "p999"));
  EXPECT_THAT(keys(json["seeds"]), ElementsAre("trained", "confidence", "seeds", "models", "comparisons"));
  EXPECT_THAT(keys(json["seeds"]["models"][1]), ElementsAre("name", "perplexity", "ppl_increase"));
  EXPECT_THAT(keys(json["seeds"]["models"][1]["perplexity"]), ElementsAre("values", "std", "mean"));
  EXPECT_THAT(keys(json["seeds"]["comparisons"][0]), ElementsAre("better", "worse", "ppl_increase"));
  EXPECT_EQ(model["name"], "int8");
  EXPECT_DOUBLE_EQ(model["ppl_increase"]["mean"].get<double>(), 0.0002);
}

TEST(ReportJson, NumbersThatAreNoneBecomeNull) {
  Report report = sample::report();
  report.models[1].nll = std::numeric_limits<double>::quiet_NaN();
  report.models[1].kl_divergence.max = std::numeric_limits<double>::infinity();
  const std::string text = report_to_json(report);
  const Json json = Json::parse(text);
  EXPECT_TRUE(json["models"][1]["nll"].is_null());
  EXPECT_TRUE(json["models"][1]["kl_divergence"]["max"].is_null());
  EXPECT_TRUE(std::isnan(report_from_json(text, "r.json").models[1].nll));
}

TEST(ReportJson, BrokenUtf8BecomesTheReplacementCharacter) {
  Report report = sample::report();
  report.models[0].sample = "a\xC3";
  EXPECT_EQ(report_from_json(report_to_json(report), "r.json").models[0].sample, "a\xEF\xBF\xBD");
}

TEST(ReportJson, ReadingNamesTheKeyThatIsWrong) {
  EXPECT_EQ(reading_error(changed([](Json& j) { j["models"][1]["delta_nll"].erase("low"); })),
            "r.json: models[1].delta_nll.low: missing");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["machine"]["thread"] = 2; })), "r.json: machine.thread: unknown key");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["models"][0]["nll"] = "low"; })),
            "r.json: models[0].nll: expected a number or null, got \"low\"");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["machine"]["threads"] = 1.5; })),
            "r.json: machine.threads: expected an integer, got 1.5");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["models"] = 3; })), "r.json: models: expected a list, got 3");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["notices"][0] = nullptr; })),
            "r.json: notices[0]: expected a text, got null");
  EXPECT_EQ(reading_error(changed([](Json& j) { j["version"] = 2; })), "r.json: version: expected 1, got 2");
  EXPECT_EQ(reading_error("[1]"), "r.json: expected an object, got [1]");
  EXPECT_THAT(reading_error("{\"name\": "), HasSubstr("r.json: line 1, column 10: expected a value"));
}

TEST(ReportJson, KeysThatCameLaterMayBeMissing) {
  const Report report = report_from_json(changed([](Json& j) {
                                           j.erase("samples");
                                           j["protocol"].erase("confidence");
                                           j["corpus"].erase("test_bytes_seen");
                                           j["models"][0].erase("weights_sha256");
                                         }),
                                         "r.json");
  EXPECT_EQ(report.protocol.confidence, 0.95);
  EXPECT_TRUE(report.samples.empty());
}

TEST(ReportJson, NumbersBeyondTheirTypeAreRefused) {
  EXPECT_THAT(reading_error(changed([](Json& j) { j["machine"]["threads"] = 18446744073709551615u; })),
              HasSubstr("machine.threads: expected an integer"));
  EXPECT_THAT(reading_error(changed([](Json& j) { j["seed"] = -1; })), HasSubstr("seed: expected an integer"));
  EXPECT_THAT(reading_error("{\"name\": 1e999}"),
              HasSubstr("r.json: line 1, column 10: expected a number that 64 bits hold, found \"1e999\""));
}

/// The name of a chart becomes a path: it must not lead out of charts/.
TEST(ReportJson, ChartNamesStayInTheirFolder) {
  EXPECT_THAT(reading_error(changed([](Json& j) {
                j["charts"] = Json::array({{{"name", "../../secret"}, {"title", ""}, {"caption", ""}}});
              })),
              HasSubstr("charts: expected names of files in charts/"));
}

TEST(ReportJson, MissingFileIsAnInputError) {
  const sample::TemporaryFolder folder;
  try {
    read_report(folder.path() / "report.json");
    FAIL() << "the file does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), HasSubstr("report.json"));
  }
}

}  // namespace
}  // namespace octet::json_test
