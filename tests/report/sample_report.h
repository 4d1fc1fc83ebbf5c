#pragma once

#include <string>

#include "report/run/report.h"
#include "tests/report/sample_charts.h"

namespace octet::sample {

inline ReportModel model(const std::string& name, double bits, std::int64_t bytes, double perplexity) {
  ReportModel model;
  model.name = name;
  model.bits_per_weight = bits;
  model.file_bytes = bytes;
  model.size_ratio = static_cast<double>(bytes) / 8421376.0;
  model.perplexity = perplexity;
  model.nll = std::log(perplexity);
  model.bits_per_byte = model.nll / std::log(2.0) / 2.93;
  return model;
}

inline void add_coverage(ReportModel& model, const std::string& scheme, int bits) {
  const char* names[] = {"attention.query", "attention.key", "attention.value", "attention.output",
                         "mlp.gate",        "mlp.up",        "mlp.down"};
  model.coverage.push_back({"embedding.weight", "int8, one scale per channel", "", 196608, 200704});
  for (int block = 0; block < 4; ++block) {
    for (const char* name : names) {
      const std::string path = "blocks." + std::to_string(block) + "." + name;
      model.coverage.push_back({path + ".weight", scheme, "", 36864, 36864 * bits / 8 + 2304});
      model.layer_errors.push_back(
          {path, 1.2e-7 * (8 - bits + 1) * (block + 1), 6.02 * bits - 4.0 - block, 0.0011, kNotMeasured});
    }
    model.coverage.push_back(
        {"blocks." + std::to_string(block) + ".norm.weight", "fp32", "one-dimensional: too small to matter", 192, 768});
  }
  model.size = {36864 * 28 * bits / 8, 28 * 2304, 200704, 4 * 768};
}

/// A small matrix of normal weights with one outlier under the microscope.
inline const MatrixView& matrix_view() {
  static const MatrixView view = [] {
    std::mt19937 engine(3);
    std::normal_distribution<float> weight(0.0F, 0.02F);
    Tensor matrix = Tensor::empty({48, 64});
    for (float& x : matrix.span<float>()) x = weight(engine);
    matrix.span<float>()[100] = 0.3F;
    return view_matrix("blocks.3.mlp.down.weight", "the matrix with the largest outlier", matrix);
  }();
  return view;
}

/// A report with every part filled, as a run of the demo could give.
inline Report report() {
  Report report;
  report.name = "demo";
  report.corpus = {"King James Bible",
                   "b5c4940bcfeee072d81ad26a14a0b1c2e0a7d3e69b9c4ba1fe41f1f34c7d5b9a",
                   3310280,
                   413785,
                   413785,
                   6620,
                   141222,
                   2.93};
  report.machine = {"AMD EPYC 9B14", "avx512vnni", 2, "", "cpu-avx512vnni", "oneDNN 2.6"};
  report.protocol = {256, 128, 140800, 1100, 2000};
  report.training = {2105344, 2000, 16384000, 478.2, 34262.0, 1.2714, 0.648};

  ReportModel fp32 = model("fp32", 32, 8421376, 13.204);
  fp32.description = "The trained model itself.";
  fp32.accuracy = 0.4312;
  fp32.delta_nll = {0, 0, 0};
  fp32.ppl_increase = {0, 0, 0};
  fp32.kl_divergence = {0, 0, 0};
  fp32.top1_agreement = 1;
  fp32.prefill_tokens_per_s = 21400;
  fp32.decode_tokens_per_s = 310.4;
  fp32.prefill_speedup = fp32.decode_speedup = 1;
  fp32.sample =
      " was a man of the tribe of Benjamin, and his name was Shimei: and he\nsaid unto the king, Let thy servant go.";

  ReportModel int8 = model("int8", 8.21, 2162688, 13.2067);
  int8.description = "Weights rounded to nearest with one scale per channel; activations to int8 per token.";
  int8.accuracy = 0.4311;
  int8.delta_nll = {0.0002, -0.0001, 0.0005};
  int8.ppl_increase = {0.0002, -0.0001, 0.0005};
  int8.kl_divergence = {0.000213, 0.0019, 0.041, 0.0001, 0.011};
  int8.token_changes = {0.0031, -0.011, -0.004, 0.0, 0.004, 0.01, 312, 298, {-0.0001, -0.0004, 0.0002}};
  int8.top1_agreement = 0.9912;
  int8.prefill_tokens_per_s = 34100;
  int8.decode_tokens_per_s = 702.5;
  int8.prefill_speedup = 1.593;
  int8.decode_speedup = 2.263;
  int8.sample =
      " was a man of the tribe of Benjamin, and his name was Shimei: and he\nwent out unto the wilderness of Judah.";
  add_coverage(int8, "int8, one scale per channel", 8);

  ReportModel int4 = model("int4", 4.62, 1215488, 13.61);
  int4.description = "Weights rounded to nearest, groups of 64 values share a scale.";
  int4.accuracy = 0.4257;
  int4.delta_nll = {0.0303, 0.0262, 0.0344};
  int4.ppl_increase = {0.0307, 0.0265, 0.0350};
  int4.kl_divergence = {0.0311, 0.214, 1.93, 0.012, 0.71};
  int4.token_changes = {0.0412, -0.17, -0.06, -0.0004, 0.051, 0.13, 4211, 3807, {-0.0029, -0.0042, -0.0016}};
  int4.top1_agreement = 0.9034;
  int4.prefill_tokens_per_s = 18900;
  int4.decode_tokens_per_s = 921.7;
  int4.prefill_speedup = 0.883;
  int4.decode_speedup = 2.969;
  int4.sample =
      " was a man of God, which had been the servant of the house of Saul: and the\npeople cried <out> & wept.";
  add_coverage(int4, "int4, groups of 64", 4);
  int4.attribution = {0.0303,
                      0.0012,
                      7936,
                      {{"blocks.0.mlp.down", 0.0101, 0.0098, 0.0002, 0.0091, 0.0112},
                       {"blocks.3.mlp.down", 0.019, 0.0185, 0.0003, 0.017, 0.02}}};
  report.models = {fp32, int8, int4};
  report.comparisons = {{"fp32", "int8", int8.ppl_increase}, {"int8", "int4", {0.0305, 0.0263, 0.0348}}};

  report.seeds =
      ReportSeeds{true,
                  0.95,
                  {1, 2, 3},
                  {{"fp32", {{13.204, 13.31, 13.12}, 0.0952, {13.2113, 12.975, 13.448}}, {{0, 0, 0}, 0, {0, 0, 0}}},
                   {"int8",
                    {{13.2067, 13.311, 13.125}, 0.0932, {13.2142, 12.983, 13.446}},
                    {{0.0002, 0.0001, 0.0004}, 0.00015, {0.0002, -0.0001, 0.0006}}},
                   {"int4",
                    {{13.61, 13.78, 13.55}, 0.119, {13.6467, 13.351, 13.942}},
                    {{0.0307, 0.0353, 0.0328}, 0.0023, {0.0329, 0.0272, 0.0386}}}},
                  {{"fp32", "int8", {{0.0002, 0.0001, 0.0004}, 0.00015, {0.0002, -0.0001, 0.0006}}},
                   {"int8", "int4", {{0.0305, 0.0352, 0.0324}, 0.0024, {0.0327, 0.0268, 0.0386}}}}};

  for (const LayerOutliers& layer : activation_chart().layers) {
    report.outliers.push_back({layer.layer, "activations", 1.03, layer.max_over_std * 1.03, layer.max_over_std,
                               layer.share_sigma, layer.share_absolute});
  }
  report.machine_limits = MachineLimits{90, 1500, 33.6, 2, "AVX-512 with VNNI", "cpu-avx512vnni"};
  report.models[0].roofs = {{60, 88, 0.97, "fp32 90 GFLOP/s"}, {0.5, 12.1, 0.72, "read 33.6 GB/s"}};
  report.models[1].roofs = {{240, 900, 0.6, "int8 1,500 GOP/s"}, {2, 27.4, 0.41, "read 33.6 GB/s"}};
  report.microscope = {matrix_view()};
  LayerFacts facts;
  facts.layer = "blocks.3.mlp.down";
  facts.max_abs = 61;
  facts.inputs = {{InputMethod::fixed, 0.010, 0.0098, ""},
                  {InputMethod::smoothed, kNotMeasured, kNotMeasured, "not possible"}};
  facts.weights = {{WeightMethod::row8, 0.0001, 0.0001, ""}};
  report.explained = {{facts, {{"range", "Channel 17 alone uses 92 % of the range <&>."}}}};
  report.prompt = "And it came to pass, that there";
  report.seed = 1234;
  report.notices = {
      "int4 prefill is slower than fp32 here: at this width, unpacking the codes costs more than the smaller weights "
      "save."};
  report.provenance = {"0.1.0", "", "octet run configs/demo.yaml", "configs/demo.yaml", "2025-01-01 12:00"};
  return report;
}

}  // namespace octet::sample
