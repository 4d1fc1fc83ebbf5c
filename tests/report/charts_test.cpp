#include "report/charts/charts.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "report/charts/chart_script.h"
#include "report/charts/gnuplot.h"
#include "tests/report/sample_charts.h"
#include "tests/report/sample_report.h"
#include "tests/support/error_of.h"
#include "tests/support/temporary_folder.h"

namespace octet::charts_test {
namespace {

using ::testing::HasSubstr;

class ChartsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  }
  /// The picture; the script must be able to draw it once more from the folder's files alone.
  std::string redraw(const Chart& chart) {
    const std::filesystem::path stem = folder_.path() / chart.name;
    EXPECT_FALSE(chart.title.empty());
    EXPECT_FALSE(chart.caption.empty());
    EXPECT_TRUE(std::filesystem::remove(stem.string() + ".svg"));
    run_gnuplot(stem.string() + ".gp");
    return read_text_file(stem.string() + ".svg");
  }

  sample::TemporaryFolder folder_;
};

TEST_F(ChartsTest, WeightsShowThreePanelsWithTheirNumbers) {
  const sample::OutlierMatrix matrix(4);
  const WeightChart chart{"blocks.1.mlp.up",
                          "int4, one scale per tensor",
                          matrix.values,
                          matrix.per_tensor.dequantized,
                          matrix.per_tensor.typical_scale,
                          4};
  const std::string svg = redraw(draw_weight_chart(folder_.path(), "weights", chart));
  EXPECT_THAT(svg, HasSubstr("Before: FP32"));
  EXPECT_THAT(svg, HasSubstr("After: int4, one scale per tensor"));
  EXPECT_THAT(svg, HasSubstr("Error: after - before"));
  EXPECT_THAT(svg, HasSubstr("SNR 0.6 dB"));
  EXPECT_THAT(svg, HasSubstr("5 values lie beyond the axis"));
}

TEST_F(ChartsTest, OutliersShowHowManyLevelsWork) {
  const sample::OutlierMatrix matrix(4);
  const Chart chart = draw_outlier_chart(folder_.path(), "outliers", matrix.chart());
  const std::string svg = redraw(chart);
  EXPECT_THAT(svg, HasSubstr("99 % of the values on 2 of 15 levels"));
  EXPECT_THAT(svg, HasSubstr("99 % of the values on 13 of 15 levels"));
  EXPECT_THAT(svg, HasSubstr("int4 inputs: perplexity +750.00 %"));
  EXPECT_THAT(svg, HasSubstr("int8 inputs: perplexity +0.06 %"));
  EXPECT_THAT(chart.caption, HasSubstr("the values of blocks.1.mlp.up"));
  EXPECT_THAT(chart.caption, HasSubstr("on 2,048 tokens"));
  EXPECT_THAT(chart.caption, HasSubstr("int8 inputs: one scale +0.64 % (+0.52 % to +0.76 %), "));
}

TEST_F(ChartsTest, TrainingMarksTheMinimum) {
  EXPECT_THAT(redraw(draw_training_chart(folder_.path(), "training", sample::training_chart())),
              HasSubstr("minimum 2.410"));
}

TEST_F(ChartsTest, TrainingSurvivesALossThatIsNotANumber) {
  TrainingChart chart = sample::training_chart();
  chart.steps[40].loss = NAN;
  chart.held_out[0].loss = NAN;
  EXPECT_THAT(redraw(draw_training_chart(folder_.path(), "training", chart)), HasSubstr("minimum 2.410"));
}

/// A constant matrix, one of zeros, tiny and non-finite values deserve their chart like any other.
TEST_F(ChartsTest, WeightsOfAnyKindAreDrawn) {
  for (const float value : {0.0F, 0.25F, -3.0F, 1e-30F, 1e30F, std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
    const std::vector<float> constant(64, value);
    std::vector<float> mixed(64, 0.1F);
    mixed[3] = value;
    for (const std::vector<float>& values : {constant, mixed}) {
      const WeightChart chart{"layer", "int4", values, values, std::abs(value) / 7, 4};
      EXPECT_THAT(redraw(draw_weight_chart(folder_.path(), "weights", chart)), HasSubstr("Before: FP32")) << value;
    }
  }
}

TEST_F(ChartsTest, TrainingWithoutHeldOutLossesIsDrawn) {
  TrainingChart chart = sample::training_chart();
  chart.held_out.clear();
  EXPECT_THAT(redraw(draw_training_chart(folder_.path(), "training", chart)), HasSubstr("Loss of the training text"));
}

TEST_F(ChartsTest, TradeoffSaysTheConfidence) {
  const Chart chart = draw_tradeoff_chart(folder_.path(), "tradeoff", sample::tradeoff_points(), 0.5);
  EXPECT_THAT(chart.caption, HasSubstr("The bars are 50 % intervals"));
  EXPECT_THAT(chart.caption, ::testing::Not(HasSubstr("95")));
}

TEST_F(ChartsTest, TradeoffOfManyModelsLabelsTheFront) {
  std::vector<TradeoffPoint> points = {{"base", 10, 32, 5, 5, 5}};
  for (int i = 1; i <= 12; ++i) {
    const double perplexity = i % 2 == 0 ? 5.0 + 1.0 / i : 9.0;  // every second one is beaten by one that is smaller
    points.push_back({fmt::format("m{}", i), 1.0 + 0.1 * i, 4, perplexity, perplexity, perplexity});
  }
  const std::string svg = redraw(draw_tradeoff_chart(folder_.path(), "tradeoff", points, 0.95));
  for (int i = 1; i <= 12; ++i) {
    const bool front = i % 2 == 0 || i == 1;  // the first is the smallest of all
    EXPECT_EQ(svg.find(fmt::format("m{}  ", i)) != std::string::npos, front) << i;
  }
  EXPECT_THAT(svg, HasSubstr("base  "));
}

// The step that leads away from the smallest model runs where its name would stand.
TEST_F(ChartsTest, NamesOfTheFrontStandBesideItsSteps) {
  std::vector<TradeoffPoint> points = {{"base", 10, 32, 5, 5, 5}};
  for (int i = 1; i <= 11; ++i) {
    const double perplexity = 9 - 0.3 * i;
    points.push_back({fmt::format("m{}", i), i == 1 ? 0.5 : 4 + 0.3 * i, 4, perplexity, perplexity, perplexity});
  }
  draw_tradeoff_chart(folder_.path(), "tradeoff", points, 0.95);
  const std::string script = read_text_file(folder_.path() / "tradeoff.gp");
  const auto number_after = [&](const std::string& text) {
    return std::stod(script.substr(script.find(text) + text.size()));
  };
  const double low = number_after("set yrange ["), high = number_after(fmt::format("set yrange [{:.7g}:", low));
  const std::size_t label = script.find("at screen", script.find("m1  "));
  const double name = std::stod(script.substr(script.find(',', label) + 1));
  const double step = 0.13 + (0.87 - 0.13) * (points[1].perplexity - low) / (high - low);  // the axes in the picture
  constexpr double kHalfALine = 9.0 / 560;
  EXPECT_GT(std::abs(name - step), kHalfALine);
}

TEST_F(ChartsTest, TradeoffLabelsEveryPoint) {
  const std::string svg = redraw(draw_tradeoff_chart(folder_.path(), "tradeoff", sample::tradeoff_points(), 0.95));
  for (const TradeoffPoint& point : sample::tradeoff_points()) EXPECT_THAT(svg, HasSubstr(point.label + "  "));
  EXPECT_THAT(svg, HasSubstr("int4_g64 is 7.0 times smaller than fp32 and has +3.07 % perplexity"));
}

TEST_F(ChartsTest, EntropyShowsTheFloorAndBothErrors) {
  const EntropyPanel panel = {"it's_<1>", 1.25, {{"fp32", 0.004}, {"int8", 0.0039}, {"int2", 0.5}}};
  for (const std::vector<EntropyPanel>& panels :
       {std::vector{panel}, std::vector{panel, panel, panel},
        std::vector<EntropyPanel>{{"exact", 0, {{"fp32", 0}, {"int8", 0}}}, {"one", 2, {{"fp32", 1e-9}}}}}) {
    const std::string svg = redraw(draw_entropy_chart(folder_.path(), "entropy", panels));
    for (const char* part : {"true entropy: the floor", "error of the quantizer", "nats per symbol", "none"}) {
      EXPECT_THAT(svg, HasSubstr(part));
    }
  }
  EXPECT_THAT(redraw(draw_entropy_chart(folder_.path(), "entropy", {panel})), HasSubstr("it's_&lt;1"));
  EXPECT_THAT(error_of([&] {
                draw_entropy_chart(folder_.path(), "odd", {{"s", 1, {{"fp32", NAN}}}});
              }),
              HasSubstr("expected finite losses"));
}

TEST_F(ChartsTest, FormatsAreNumberedInAList) {
  // The small chart within shows what takes many bits; what has no error has no place on a logarithmic axis.
  const std::vector<FormatPoint> points = {
      {"int4", 4.5, 0.0094}, {"nf4", 4.25, 0.0085}, {"it's_<8>", 8.0, 7e-5}, {"exact", 32, 0}, {"unknown", NAN, NAN}};
  const Chart chart = draw_format_chart(folder_.path(), "formats", points);
  const std::string svg = redraw(chart);
  for (const char* part : {"int4", "it's_&lt;8", "nf4 comes nearest to Shannon", "3.1 times", "all formats"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("exact")));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("unknown")));
  EXPECT_THAT(error_of([&] {
                draw_format_chart(folder_.path(), "none", {{"exact", 32, 0}});
              }),
              HasSubstr("expected points with a positive error"));
}

/// One format, many in one place, or all of many bits.
TEST_F(ChartsTest, FormatsOfAnyKindAreDrawn) {
  std::vector<FormatPoint> crowd;
  for (int i = 0; i < 60; ++i) crowd.push_back({"format " + std::to_string(i), 4.5, 0.008});
  const std::vector<FormatPoint> many = {{"bf16", 16, 3e-6}, {"fp16", 16, 4e-8}}, one = {{"int2", 2.5, 0.43}};
  EXPECT_THAT(redraw(draw_format_chart(folder_.path(), "crowd", crowd)), HasSubstr("format 59"));
  EXPECT_THAT(redraw(draw_format_chart(folder_.path(), "many", many)), HasSubstr("bf16"));
  EXPECT_THAT(redraw(draw_format_chart(folder_.path(), "one", one)), ::testing::Not(HasSubstr("all formats")));
}

TEST_F(ChartsTest, ActivationsNameTheWorstLayer) {
  EXPECT_THAT(redraw(draw_activation_chart(folder_.path(), "activations", sample::activation_chart())),
              HasSubstr("The largest input of blocks.3.mlp.down is 41 standard deviations out"));
}

TEST_F(ChartsTest, ChannelsByLayersNameTheLargestOrWhatRecurs) {
  CensusChart chart{
      0, {{"stream", {{"blocks.0.mlp.up", {1, 5, 40}}, {"embedding", {1, 1, 1}}}}, {"hidden", {{"down", {9, 3}}}}}};
  EXPECT_THAT(redraw(draw_census_chart(folder_.path(), "census", chart)),
              HasSubstr("the largest is channel 2 of blocks.0.mlp.up, 40 standard deviations"));
  chart.systematic_channels = 2;
  EXPECT_THAT(redraw(draw_census_chart(folder_.path(), "census", chart)),
              HasSubstr("2 channels of the residual stream"));
}

TEST_F(ChartsTest, RunsNameTheSmallestModelThatIsAsGood) {
  RunsChart chart{false, {{"a", {{"fp32", 8, 10}, {"int8", 2, 10.05}}}, {"b", {{"int4", 1, 12}, {"ruined", 1, 5000}}}}};
  const std::string drawn = redraw(draw_runs_chart(folder_.path(), "runs", chart));
  EXPECT_THAT(drawn, HasSubstr("Smallest within 1 % of the best perplexity: int8 of a, 2.00 MB"));
  EXPECT_THAT(drawn, HasSubstr("5000.000")) << "the list has what lies above the picture";
}

TEST_F(ChartsTest, SeedsStandBesideTheText) {
  SeedsChart chart = {0.9, {{"ruined", 90, 100, {95, 97}}}};
  for (const char* name : {"int8", "int8-static", "int6", "int5", "int4"}) {
    chart.models.push_back({name, 0.001, 0.02, {0.001, 0.015}});
  }
  const std::string svg = redraw(draw_seeds_chart(folder_.path(), "seeds", chart));
  EXPECT_THAT(svg, HasSubstr("90 % interval over the test text"));
  EXPECT_THAT(svg, HasSubstr("+9500.00 %")) << "what lies beyond the picture has its value";
  EXPECT_THAT(error_of([&] { draw_seeds_chart(folder_.path(), "none", {}); }), HasSubstr("expected models"));
}

TEST_F(ChartsTest, SpeedIsRelativeToTheFirstPoint) {
  const std::string svg = redraw(draw_speed_chart(folder_.path(), "speed", sample::speed_points()));
  EXPECT_THAT(svg, HasSubstr("2.97×"));
  EXPECT_THAT(svg, HasSubstr("0.88×"));
  EXPECT_THAT(svg, HasSubstr("18,900"));
}

/// The more versions, the less room for the numbers of each: upright over the bars of 24, none for 40. No picture is
/// wider than a page, which would show it with smaller letters.
TEST_F(ChartsTest, SpeedsOfManyStandUprightOrNotAtAll) {
  std::vector<SpeedPoint> points(40, {"int8", 34100, 702.5});
  points.front() = {"fp32", 21400, 310.4};
  const auto drawn = [&](std::ptrdiff_t versions) {
    return redraw(draw_speed_chart(folder_.path(), "speed", {points.begin(), points.begin() + versions}));
  };
  for (const std::ptrdiff_t versions : {9, 24, 40})
    EXPECT_THAT(drawn(versions), HasSubstr("width=\"1100\"")) << versions;
  EXPECT_THAT(drawn(9), testing::AllOf(HasSubstr("2.26×"), HasSubstr("34,100")));
  EXPECT_THAT(drawn(24), HasSubstr("2.26×"));
  EXPECT_THAT(drawn(24), Not(HasSubstr("34,100"))) << "41 pixels for 45";
  EXPECT_THAT(drawn(40), HasSubstr("int8"));
  EXPECT_THAT(drawn(40), Not(HasSubstr("2.26×")));
}

/// Tics of panels: at most two on each side of zero, so that "-0.8" and "-0.6" do not touch.
TEST(TicStep, LeavesRoomForLabels) {
  EXPECT_DOUBLE_EQ(tic_step(0.9), 0.5);
  EXPECT_DOUBLE_EQ(tic_step(1.6), 1);
  EXPECT_DOUBLE_EQ(tic_step(0.0086), 0.005);
  EXPECT_DOUBLE_EQ(tic_step(5.9), 2);
  EXPECT_DOUBLE_EQ(tic_step(29), 10);
  EXPECT_DOUBLE_EQ(tic_step(3), 2) << "3 tics would be three";
}

TEST_F(ChartsTest, RooflineHasRoofsAndPoints) {
  RooflineChart chart{90, 1500, 30, {{"fp32", 60, 80, false}, {"fp32", 0.5, 12, true}, {"odd", NAN, NAN, true}}};
  const std::string svg = redraw(draw_roofline_chart(folder_.path(), "roofline", chart));
  EXPECT_THAT(svg, HasSubstr("Up to 80 billion operations per second, by fp32"));
  EXPECT_THAT(svg, HasSubstr("FP32 products, 90 GFLOP/s"));
  EXPECT_THAT(svg, HasSubstr("int8 products, 1,500 GOP/s"));
  EXPECT_THAT(svg, Not(HasSubstr("odd")));
  chart.points.resize(0);
  EXPECT_THAT(error_of([&] { draw_roofline_chart(folder_.path(), "roofline", chart); }), HasSubstr("expected speeds"));
  EXPECT_THAT(error_of([&] { draw_roofline_chart(folder_.path(), "roofline", {}); }), HasSubstr("expected limits"));
}

TEST_F(ChartsTest, AMatrixUnderTheMicroscopeHasSixPanels) {
  MatrixView view = sample::matrix_view();
  const std::string svg = redraw(draw_matrix_chart(folder_.path(), "matrix", view));
  for (const char* panel :
       {"The weights over an int4 grid", "Levels that the weights use", "Ranges of the output channels",
        "Error against the clip", "Cells of formats of 4 bits", "line"}) {
    EXPECT_THAT(svg, HasSubstr(panel));
  }
  view.curves.front().relative_mse.pop_back();
  EXPECT_THAT(error_of([&] { draw_matrix_chart(folder_.path(), "matrix", view); }), HasSubstr("for each of 50 clips"));
  EXPECT_THAT(error_of([&] { draw_matrix_chart(folder_.path(), "matrix", {}); }), HasSubstr("got an empty one"));
}

/// What ruins a model is drawn at the edge, what costs nothing at the other, and what was not measured nowhere.
TEST_F(ChartsTest, PlantedOutliersHaveALineForEachScheme) {
  const OutlierLabChart chart = {
      {0, 4, 9}, {{"smooth", {0.004, 0.004, -0.001}}, {"static", {0.008, 0.3, 1e9}}, {"odd", {0.1, NAN, 0.2}}}};
  const std::string svg = redraw(draw_outlier_lab_chart(folder_.path(), "lab", chart));
  EXPECT_LT(svg.find(">static<"), svg.find(">smooth<")) << "the key has the order in which lines end, the worst first";
  EXPECT_THAT(read_text_file(folder_.path() / "lab.dat"), testing::AllOf(HasSubstr("9 10000"), HasSubstr("9 0.01")));
  EXPECT_THAT(error_of([&] { draw_outlier_lab_chart(folder_.path(), "none", {}); }), HasSubstr("expected sweeps"));
}

TEST_F(ChartsTest, AttributionNamesTheCostliestLayer) {
  const AttributionChart chart = {{"blocks.0.mlp.down", "head"}, {{"int4", {0.02, -0.001}}, {"int8", {0.001, NAN}}}};
  const std::string svg = redraw(draw_attribution_chart(folder_.path(), "attribution", chart));
  EXPECT_THAT(svg,
              testing::AllOf(HasSubstr("blocks.0.mlp.down costs int4 most: 0.02 nats per token"), HasSubstr("head")));
  EXPECT_THAT(error_of([&] { draw_attribution_chart(folder_.path(), "none", {}); }), HasSubstr("expected layers"));
}

/// Names come from users: marks of gnuplot's markup must show as they are, and backquotes must not run anything.
TEST_F(ChartsTest, NamesAreShownLiterally) {
  const std::vector<SpeedPoint> odd = {{"a_b^c {d} @e &f ~g \\h", 100, 10},
                                       {"'i' \"j\" %k", 100, 10},
                                       {"`touch pwned` %k", 100, 10},
                                       {"l\x1B[31m\xFF", 100, 10}};
  const std::string svg = redraw(draw_speed_chart(folder_.path(), "odd", odd));
  for (const char* shown : {"a_b^c {d} @e &amp;f ~g \\h", "'i' \"j\" %k", "`touch pwned` %k", "l\uFFFD[31m\uFFFD"}) {
    EXPECT_THAT(svg, HasSubstr(shown));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "pwned"));
}

TEST_F(ChartsTest, AFolderThatCannotBeMadeIsAnError) {
  write_file_atomically(folder_.path() / "file", "");
  EXPECT_THAT(error_of([&] { draw_speed_chart(folder_.path() / "file" / "charts", "speed", sample::speed_points()); }),
              HasSubstr("file"));
}

TEST_F(ChartsTest, WithoutGnuplotNothingIsWritten) {
  const sample::ScopedVariable path("PATH", "/nowhere");
  try {
    draw_speed_chart(folder_.path() / "charts", "speed", sample::speed_points());
    FAIL() << "gnuplot is not on the PATH";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::capability);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "charts"));
}

TEST(Charts, EmptyInputIsRefused) {
  EXPECT_THAT(error_of([] { draw_speed_chart("charts", "a", {}); }), HasSubstr("[speed chart] expected points"));
  EXPECT_THAT(error_of([] { draw_tradeoff_chart("charts", "a", {}, 0.95); }),
              HasSubstr("[tradeoff chart] expected points"));
  EXPECT_THAT(error_of([] { draw_training_chart("charts", "a", {}); }), HasSubstr("[training chart] expected"));
  EXPECT_THAT(error_of([] { draw_activation_chart("charts", "a", {}); }), HasSubstr("[activation chart] expected"));
  EXPECT_THAT(error_of([] { draw_outlier_chart("charts", "a", {}); }), HasSubstr("expected 4 panels, got 0"));
  EXPECT_THAT(error_of([] { draw_weight_chart("charts", "a", {}); }), HasSubstr("expected two spans"));
}

TEST(Charts, NamesAreFileNames) {
  for (const char* name :
       {"../escape", "`id>PWNED`", "<id", "a b", "a\nb", "a\"b", "a'b", "", "größe", "@a", "$(id)"}) {
    EXPECT_THAT(error_of([&] { ChartScript(name, 100, 100); }), HasSubstr("expected a name of letters")) << name;
  }
}

/// Whatever a name holds, gnuplot must not run it: in titles, labels, keys and tics of every chart.
TEST_F(ChartsTest, NoTextIsRun) {
  const auto run_all = [&](const std::string& attack) {
    const sample::OutlierMatrix matrix(4);
    WeightChart weights{attack, attack, matrix.values, matrix.per_tensor.dequantized, matrix.per_tensor.typical_scale};
    weights.bits = 4;
    draw_weight_chart(folder_.path(), "weights", weights);
    OutlierChart outliers = matrix.chart();
    outliers.layer = outliers.panels[0].title = attack;
    draw_outlier_chart(folder_.path(), "outliers", outliers);
    std::vector<TradeoffPoint> points = sample::tradeoff_points();
    points[0].label = points[3].label = attack;
    draw_tradeoff_chart(folder_.path(), "tradeoff", points, 0.95);
    ActivationChart activations = sample::activation_chart();
    for (LayerOutliers& layer : activations.layers) layer.layer = attack;
    draw_activation_chart(folder_.path(), "activations", activations);
    draw_speed_chart(folder_.path(), "speed", {{attack, 100, 10}, {"b", 50, 5}});
  };
  for (const std::string attack :
       {"`touch pwned`", "a\n`touch pwned`\n!touch pwned\n#", "'\n!touch pwned\n#", "'.system('touch pwned').'",
        "\" . system(\"touch pwned\") . \"", "\\\n!touch pwned\\", "}'; shell touch pwned\r!touch pwned\r"}) {
    EXPECT_NO_THROW(run_all(attack)) << attack;
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "pwned")) << attack;
  }
}

// Recipes are called int8-static; gnuplot refuses hyphens in the name inside a picture.
TEST(Charts, NamesInsidePicturesHaveNoHyphens) {
  if (!charts_available().available) GTEST_SKIP() << charts_available().reason;
  const sample::TemporaryFolder folder;
  ChartScript script("weights_int8-static", 300, 200);
  script.begin_block("x y");
  script.row({1, 2});
  script.line("plot DATA index 0");
  EXPECT_NO_THROW(script.draw(folder.path(), "title", "caption"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "weights_int8-static.svg"));
}

}  // namespace
}  // namespace octet::charts_test
