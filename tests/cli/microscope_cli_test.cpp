#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::microscope_cli_test {
namespace {

using testing::HasSubstr;

const std::string kRecipes = OCTET_SOURCE_DIR "/configs/recipes/";

TEST(Microscope, EveryBuiltInRecipeIsInTheTable) {
  const Workplace place;
  const ProcessResult result = place.octet({"microscope"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator(kRecipes)) {
    EXPECT_THAT(result.out, HasSubstr(entry.path().stem().string()));
    ++recipes;
  }
  EXPECT_GE(recipes, 12);
  EXPECT_THAT(result.out, HasSubstr("524,288 normal values"));
  EXPECT_THAT(result.out, HasSubstr("int4: also the weights of int4-down-int8, int4-embedding-int8"));
  EXPECT_EQ(place.octet({"microscope"}).out, result.out) << "the samples are always the same";
  EXPECT_NE(place.octet({"microscope", "--seed", "2"}).out, result.out);
  EXPECT_FALSE(fs::exists(place.path() / "runs"));
}

TEST(Microscope, JsonHasTheRecipesOfFilesAndTheModel) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const ProcessResult result = place.octet({"microscope", "r", "--json", "--recipe", kRecipes + "int8.yaml", "--recipe",
                                            kRecipes + "nf4.yaml", "--recipe", kRecipes + "int8-static.yaml"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto report = nlohmann::json::parse(result.out);
  ASSERT_EQ(report.at("formats").size(), 2U);
  EXPECT_EQ(report.at("formats")[0].at("name"), "nf4");
  EXPECT_EQ(report.at("formats")[0].at("gaussian").at("bits_per_weight"), 4.25);
  EXPECT_EQ(report.at("formats")[1].at("same"), nlohmann::json({"int8-static"}));
  EXPECT_EQ(report.at("matrices").size(), 11U);

  // The run stored the same matrices by the same recipe, and noted the error of each.
  const auto run = nlohmann::json::parse(read_text_file(place.path() / "r/quantized/int8/coverage.json"));
  double noise = 0, signal = 0;
  for (const auto& error : run.at("layer_errors")) {
    const auto& tensors = run.at("tensors");
    const std::string name = error.at("layer").get<std::string>();
    const auto tensor = std::find_if(tensors.begin(), tensors.end(), [&](const auto& each) {
      return each.at("name") == name || each.at("name") == name + ".weight";
    });
    ASSERT_NE(tensor, tensors.end()) << name;
    const double sum = error.at("mse").get<double>() * tensor->at("values").template get<double>();
    noise += sum;
    signal += sum * std::pow(10.0, error.at("snr_db").get<double>() / 10.0);
  }
  EXPECT_NEAR(report.at("formats")[1].at("model").at("relative_mse").get<double>(), noise / signal,
              1e-9 * noise / signal);
  const auto without = nlohmann::json::parse(place.octet({"microscope", "--json"}).out);
  EXPECT_TRUE(without.at("formats")[0].at("model").is_null());
  EXPECT_TRUE(without.at("matrices").empty());
}

TEST(Microscope, WhatItCannotLookAtIsRefused) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  expect_refused(place, place.octet({"microscope", "nowhere"}), 3, {"nowhere"});
  expect_refused(place, place.octet({"microscope", "r/quantized/int8"}), 2, {"r/quantized/int8", "quantized already"});
  expect_refused(place, place.octet({"microscope", "--recipe", "none.yaml"}), 2, {"none.yaml"});
  expect_refused(place, place.octet({"microscope", "--recipe", "tiny.yaml"}), 2, {"tiny.yaml", "unknown key"});
  expect_refused(place, place.octet({"microscope", "--recipe", ""}), 2, {"--recipe"});
  expect_refused(place, place.octet({"microscope", "--chart", ""}), 2, {"--chart"});
  expect_refused(place, place.octet({"microscope", "--chart", "charts"}, {"PATH=/nowhere"}), 4, {"--chart", "gnuplot"});
}

TEST(Microscope, TheChartIsDrawnIntoTheFolder) {
  const Workplace place;
  const ProcessResult result = place.octet({"microscope", "--chart", "charts"});
  if (result.code == 4) GTEST_SKIP() << result.err;
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(read_text_file(place.path() / "charts/formats.svg"), HasSubstr("Shannon"));
}

TEST(Microscope, HelpNamesTheOptions) {
  const ProcessResult result = Workplace().octet({"microscope", "--help"});
  EXPECT_EQ(result.code, 0);
  for (const char* option : {"checkpoint", "--recipe", "--chart", "--seed", "--json"}) {
    EXPECT_THAT(result.out, HasSubstr(option));
  }
}

}  // namespace
}  // namespace octet::sample::microscope_cli_test
