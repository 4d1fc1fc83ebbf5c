#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::seeds_cli_test {
namespace {

using nlohmann::json;

json report_of(const Workplace& place, const std::string& folder) {
  return json::parse(read_text_file(place.path() / folder / "report.json"));
}

/// A run of three seeds with one more recipe, which draws; made once per process.
void copy_three_seeds(const fs::path& to) {
  static const Workplace place;
  static const ProcessResult result =
      place.octet({"run", "tiny.yaml", "--out", "r", "seeds=3",
                   "quantize=[{name: int8, bits: 8, activations: static}, {name: int4, bits: 4, granularity: "
                   "per_group, group: 32}]"});
  ASSERT_EQ(result.code, 0) << result.err;
  fs::copy(place.path() / "r", to, fs::copy_options::recursive);
}

TEST(Seeds, EachIsARunOfItsOwnWithOtherRandomNumbers) {
  const Workplace place;
  copy_three_seeds(place.path() / "r");
  const json seeds = report_of(place, "r").at("seeds");
  EXPECT_EQ(seeds.at("seeds"), json({1, 2, 3}));
  EXPECT_TRUE(seeds.at("trained").get<bool>());
  for (const char* model : {"fp32", "int8", "int4"}) {
    const json values = seeds.at("models").at(model == std::string("fp32") ? 0 : model == std::string("int8") ? 1 : 2);
    EXPECT_EQ(values.at("name"), model);
    const json numbers = values.at("perplexity").at("values");
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_NE(numbers[0], numbers[1]);
    EXPECT_NE(numbers[1], numbers[2]);
  }
  // Each number is that of its own run.
  for (const int seed : {2, 3}) {
    const std::string folder = "r/seeds/" + std::to_string(seed);
    const json own = report_of(place, folder);
    EXPECT_EQ(own.at("models").at(2).at("perplexity"),
              seeds.at("models").at(2).at("perplexity").at("values").at(static_cast<std::size_t>(seed) - 1));
    EXPECT_THAT(read_text_file(place.path() / folder / "config.yaml"),
                testing::AllOf(testing::HasSubstr("seed: " + std::to_string(seed)), testing::HasSubstr("seeds: 1\n")));
    EXPECT_FALSE(fs::exists(place.path() / folder / "charts")) << "charts are those of the first seed";
    EXPECT_TRUE(own.at("models").at(1).at("decode_tokens_per_s").is_null()) << "speed is measured once";
    EXPECT_EQ(own.at("protocol"), report_of(place, "r").at("protocol")) << "the same windows of the test";
  }
  EXPECT_THAT(read_text_file(place.path() / "r/report.md"), testing::HasSubstr("## Another seed"));
}

TEST(Seeds, AreAddedToAFinishedRunWithoutTrainingItAgain) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string weights = read_text_file(place.path() / "r/checkpoints/best/model.safetensors");
  ASSERT_EQ(place.octet({"run", "r", "seeds=2"}).code, 0);
  EXPECT_TRUE(weights == read_text_file(place.path() / "r/checkpoints/best/model.safetensors"));
  EXPECT_EQ(report_of(place, "r").at("seeds").at("seeds"), json({1, 2}));
  // The second seed is what a run of that seed alone would be.
  ASSERT_EQ(place.octet({"train", "tiny.yaml", "--out", "alone", "train.seed=2"}).code, 0);
  EXPECT_TRUE(read_text_file(place.path() / "r/seeds/2/checkpoints/best/model.safetensors") ==
              read_text_file(place.path() / "alone/checkpoints/best/model.safetensors"));
}

TEST(Seeds, ThatWereMeasuredOtherwiseAreLeftOutAndSaidSo) {
  const Workplace place;
  copy_three_seeds(place.path() / "r");
  ASSERT_EQ(place.octet({"eval", "r", "eval.max_windows=6"}).code, 0);
  ASSERT_EQ(place.octet({"report", "r"}).code, 0);
  const json report = report_of(place, "r");
  EXPECT_FALSE(report.contains("seeds"));
  EXPECT_THAT(report.at("notices").dump(),
              testing::AllOf(testing::HasSubstr("r/seeds/2"), testing::HasSubstr("eval.max_windows: 8 -> 6")));
  // A report from elsewhere that lacks a model, or has an impossible number.
  const std::string other = (place.path() / "r/seeds/2/report.json").string();
  const json whole = json::parse(read_text_file(other));
  for (const auto& damage : {json::parse(R"({"op": "remove", "path": "/models/1"})"),
                             json::parse(R"({"op": "replace", "path": "/models/0/perplexity", "value": -5})"),
                             json::parse(R"({"op": "replace", "path": "/models", "value": []})")}) {
    write_file_atomically(other, whole.patch(json::array({damage})).dump());
    const ProcessResult result = place.octet({"report", "r", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_FALSE(json::parse(result.out).contains("seeds"));
    EXPECT_THAT(result.err + result.out, testing::HasSubstr("no perplexity of at least 1 of the model")) << damage;
  }
  fs::remove(place.path() / "r/seeds/2/report.json");
  ASSERT_EQ(place.octet({"report", "r"}).code, 0);
  EXPECT_THAT(report_of(place, "r").at("notices").dump(), testing::HasSubstr("it is not finished"));
}

TEST(Seeds, OfAGivenModelDifferInWhatRecipesDraw) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  write_file_atomically(place.path() / "given.yaml",
                        "name: g\ncheckpoint: r\nseeds: 2\ncorpus: {path: text.txt}\nquantize:\n"
                        "  - {name: drawn, bits: 8, activations: static, calibration: {windows: 2}}\n"
                        "  - {name: fixed, bits: 4}\neval: {max_windows: 8, speed: {repetitions: 1}}\n");
  const ProcessResult result = place.octet({"run", "given.yaml", "--out", "g"});
  ASSERT_EQ(result.code, 0) << result.err;
  const json seeds = report_of(place, "g").at("seeds");
  EXPECT_FALSE(seeds.at("trained").get<bool>());
  const auto std_of = [&](std::size_t model) {
    return seeds.at("models").at(model).at("perplexity").at("std").get<double>();
  };
  EXPECT_EQ(std_of(0), 0) << "fp32";
  EXPECT_GT(std_of(1), 0) << "drawn";
  EXPECT_EQ(std_of(2), 0) << "fixed";
}

TEST(Seeds, AreCheckedBeforeAnyWork) {
  const Workplace place;
  expect_refused(place, place.octet({"run", "tiny.yaml", "--out", "r", "seeds=0"}), 2, {"seeds", "from 1 to 32"});
  const std::string largest = "18446744073709551615";
  expect_refused(place, place.octet({"run", "tiny.yaml", "--out", "r", "seeds=2", "--seed", largest}), 2,
                 {"train.seed: expected at most 18446744073709551614 beside `seeds: 2`", "got " + largest});
  const std::string recipe = "quantize=[{name: a, transforms: [rotate, smooth], rotate: {seed: " + largest +
                             "}, calibration: {seed: 9223372036854775807}}]";
  expect_refused(place, place.octet({"run", "tiny.yaml", "--out", "r", "seeds=3", recipe}), 2,
                 {"quantize.0.rotate.seed: expected at most 18446744073709551613",
                  "quantize.0.calibration.seed: expected at most 9223372036854775805"});
  EXPECT_FALSE(fs::exists(place.path() / "r"));
  fs::create_directories(place.path() / "r/seeds/2/quantized");
  expect_refused(place, place.octet({"run", "tiny.yaml", "--out", "r", "seeds=2"}), 2, {"r", "something else"});
  const Workplace other;
  copy_finished_run(other.path() / "r");
  expect_refused(other, other.octet({"eval", "r", "seeds=2"}), 2, {"seeds: 1 -> 2", "octet run"});
}

}  // namespace
}  // namespace octet::sample::seeds_cli_test
