#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::bench_cli_test {
namespace {

const std::string kTinyShape = "width=32,layers=2,heads=2,hidden=64,vocabulary=300";

TEST(Bench, RandomWeightsOfAShapeAreTimedInEveryFormat) {
  const Workplace place;
  const ProcessResult result =
      place.octet({"bench", "--shape", kTinyShape, "--prompt", "8,16", "--generate", "4", "--batch", "1,2", "--depth",
                   "0,8", "--formats", "fp32,int8,int4", "--repetitions", "1", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("machine").at("threads"), 1);
  EXPECT_GT(json.at("machine").at("read_gbps"), 0.0);
  ASSERT_EQ(json.at("rows").size(), 3u * 2 * (2 + 2));
  for (const auto& row : json.at("rows")) {
    EXPECT_GT(row.at("tokens_per_s"), 0.0);
    EXPECT_GT(row.at("gbps"), 0.0);
    EXPECT_GT(row.at("gops"), 0.0);
    EXPECT_GT(row.at("share_of_limit"), 0.0);
    EXPECT_EQ(row.at("model"), "llama 2x32");
  }
  EXPECT_EQ(json.at("rows").back().at("test"), "tg4 b2 @ d8");
  EXPECT_EQ(json.at("rows").back().at("format"), "int4");
}

TEST(Bench, ACheckpointIsTimedWithinItsContextAndAQuantizedOneAsItIs) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const ProcessResult fp32 = place.octet({"bench", "r/checkpoints/best", "--repetitions", "1"});
  ASSERT_EQ(fp32.code, 0) << fp32.err;
  EXPECT_TRUE(fp32.out.starts_with("| model")) << fp32.out;
  for (const char* part : {"best fp32", "best int8-weight-only", "best bf16", "pp32", "tg32"}) {
    EXPECT_THAT(fp32.out, testing::HasSubstr(part));
  }
  EXPECT_THAT(fp32.out, testing::Not(testing::HasSubstr("pp128"))) << "more than the context of 32";

  const ProcessResult int4 = place.octet({"bench", "r/quantized/int4", "--generate", "0", "--json"});
  ASSERT_EQ(int4.code, 0) << int4.err;
  const auto json = nlohmann::json::parse(int4.out);
  ASSERT_EQ(json.at("rows").size(), 1u);
  EXPECT_EQ(json.at("rows").at(0).at("model"), "int4");
  EXPECT_TRUE(json.at("rows").at(0).at("speedup").is_null());
  expect_refused(place, place.octet({"bench", "r/quantized/int4", "--formats", "int8"}), 2, {"r/quantized/int4"});
  expect_refused(place, place.octet({"bench", "r/checkpoints/best", "--prompt", "33"}), 2, {"context of 32", "pp33"});
  expect_refused(place, place.octet({"bench", "r/checkpoints/best", "--depth", "1"}), 2, {"tg32 @ d1", "33"});
}

TEST(Bench, WrongArgumentsAreRefused) {
  const Workplace place;
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases = {
      {{"bench"}, {"--shape", "none"}},
      {{"bench", "folder", "--shape", "llama-31m"}, {"both"}},
      {{"bench", "--shape", "llama-79m"}, {"did you mean \"llama-97m\""}},
      {{"bench", "--shape", "layrs=2"}, {"did you mean \"layers\""}},
      {{"bench", "--shape", "width=65536,layers=64,heads=64,hidden=262144,vocabulary=1000"}, {"of memory"}},
      {{"bench", "--shape", kTinyShape, "--formats", "fp32,itn8"}, {"did you mean \"int8\""}},
      {{"bench", "--shape", kTinyShape, "--prompt", "0", "--generate", "0"}, {"at least one test"}},
      {{"bench", "--shape", kTinyShape, "--prompt", "8,many"}, {"--prompt", "\"many\""}},
      {{"bench", "--shape", kTinyShape, "--batch", "0"}, {"--batch", "from 1 to 65535", "\"0\""}},
      {{"bench", "--shape", kTinyShape, "--batch", "9223372036854775807"}, {"--batch", "from 1 to 65535"}},
      {{"bench", "--shape", kTinyShape, "--depth", "9223372036854775807"}, {"--depth", "from 0 to 1048576"}},
      {{"bench", "--shape", kTinyShape, "--repetitions", "0"}, {"--repetitions"}},
      {{"bench", "--shape", kTinyShape + ",context=16", "--prompt", "17"}, {"context of 16"}},
  };
  for (const auto& [arguments, parts] : cases) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    expect_refused(place, place.octet(arguments), 2, parts);
  }
  expect_refused(place, place.octet({"bench", "no/such/folder"}), 3, {"no/such/folder"});
}

TEST(Bench, OneThreadIsNoticed) {
  const Workplace place;
  const ProcessResult result =
      run_octet(place.path().string(), {"bench", "--shape", kTinyShape, "--formats", "fp32", "--prompt", "4",
                                        "--generate", "0", "--repetitions", "1", "--threads", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err,
              testing::AnyOf(testing::HasSubstr("note: using 1 of "), testing::HasSubstr("note: one thread only")));
}

}  // namespace
}  // namespace octet::sample::bench_cli_test
