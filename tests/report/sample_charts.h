#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "report/charts/charts.h"

namespace octet::sample {

/// A matrix quantized to the nearest level; the tests' own few lines, so that charts are tested apart from quant/.
struct QuantizedMatrix {
  std::vector<float> dequantized;
  std::vector<std::int8_t> codes;
  double typical_scale = 0;
};

/// `stride` values after each other share a scale, and the scales come round again: `columns` for a scale per row, 1
/// for a scale per column.
inline QuantizedMatrix quantize(const std::vector<float>& values, const std::vector<double>& scales, std::size_t stride,
                                int bits) {
  const double top = (1 << (bits - 1)) - 1;
  QuantizedMatrix result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double scale = scales[i / stride % scales.size()];
    const double code = std::clamp(std::nearbyint(values[i] / scale), -top, top);
    result.codes.push_back(static_cast<std::int8_t>(code));
    result.dequantized.push_back(static_cast<float>(code * scale));
  }
  std::vector<double> sorted = scales;
  std::sort(sorted.begin(), sorted.end());
  result.typical_scale = sorted[sorted.size() / 2];
  return result;
}

/// Gaussian weights (std 0.02) in which a few rows hold outliers of 20 to 40 standard deviations.
struct OutlierMatrix {
  static constexpr std::size_t kRows = 192, kColumns = 192;
  std::vector<float> values;
  QuantizedMatrix per_tensor, clipped, per_row, per_channel;
  int bits;

  explicit OutlierMatrix(int bit_count) : bits(bit_count) {
    std::mt19937 engine(7);
    std::normal_distribution<float> weight(0.0F, 0.02F);
    for (std::size_t i = 0; i < kRows * kColumns; ++i) values.push_back(weight(engine));
    for (std::size_t k = 0; k < 5; ++k)
      values[(k * 31 + 3) * kColumns + k * 17] = (k % 2 ? -0.4F : 0.5F) + 0.05F * static_cast<float>(k);
    const double top = (1 << (bits - 1)) - 1;
    std::vector<double> row_scales(kRows), column_scales(kColumns);
    double largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double scale = std::abs(double{values[i]}) / top;
      row_scales[i / kColumns] = std::max(row_scales[i / kColumns], scale);
      column_scales[i % kColumns] = std::max(column_scales[i % kColumns], scale);
      largest = std::max(largest, scale);
    }
    per_tensor = quantize(values, {largest}, 1, bits);
    clipped = quantize(values, {0.09 / top}, 1, bits);
    per_row = quantize(values, row_scales, kColumns, bits);
    per_channel = quantize(values, column_scales, 1, bits);
  }

  GridPanel panel(const std::string& title, const QuantizedMatrix& matrix) const {
    return {title, values, matrix.dequantized, matrix.codes, matrix.typical_scale};
  }
  OutlierChart chart() const {
    return {"blocks.1.mlp.up",
            bits,
            {panel("One scale for all", per_tensor), panel("One scale, clipped at 0.09", clipped),
             panel("One scale per token", per_row), panel("One scale per channel", per_channel)},
            {{4, {{7.5, 6.1, 9.2}, {0.52, 0.45, 0.6}, {0.31, 0.25, 0.36}, {0.1, 0.08, 0.12}}},
             {8, {{0.0064, 0.0052, 0.0076}, {0.02, 0.018, 0.023}, {0.0006, 0.0002, 0.0009}, {0, -0.0001, 0.0001}}}},
            2048};
  }
};

inline TrainingChart training_chart() {
  std::mt19937 engine(3);
  std::normal_distribution<double> noise(0, 0.05);
  TrainingChart chart;
  for (int step = 0; step <= 2000; step += 10) {
    const double t = step / 2000.0;
    const double loss = 2.55 + 4.4 * std::exp(-14 * t) - 0.25 * t;
    chart.steps.push_back(
        {1.0 * step, loss + noise(engine), 3e-3 * (t < 0.05 ? t / 0.05 : 0.5 * (1 + std::cos(3.14159 * t)))});
    if (step % 200 == 0 && step > 0) {
      chart.held_out.push_back({1.0 * step, loss + 0.06 + (t > 0.8 ? 0.4 * (t - 0.8) : 0)});
    }
  }
  return chart;
}

inline std::vector<TradeoffPoint> tradeoff_points() {
  return {{"fp32", 8.42, 32, 13.204, 13.204, 13.204},
          {"int8", 2.16, 8.2, 13.207, 13.203, 13.212},
          {"int8_per_tensor", 2.15, 8.1, 13.229, 13.215, 13.243},
          {"int4_g64", 1.21, 4.6, 13.61, 13.56, 13.66},
          {"int4_g32", 1.27, 4.85, 13.52, 13.47, 13.56}};
}

inline ActivationChart activation_chart() {
  ActivationChart chart;
  const char* names[] = {"attention.query", "attention.key", "attention.value", "attention.output",
                         "mlp.gate",        "mlp.up",        "mlp.down"};
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < 7; ++i) {
      chart.layers.push_back({"blocks." + std::to_string(block) + "." + names[i],
                              5.0 + i * 1.2 + (i == 6 ? 14.0 + 5 * block : 0), i == 6 ? 0.0022 : 0.0002 + 0.00005 * i,
                              i == 6 ? 0.0006 * block : 0.0});
    }
  }
  return chart;
}

inline std::vector<SpeedPoint> speed_points() {
  return {{"fp32", 21400, 310}, {"int8", 34100, 702.5}, {"int4_g64", 18900, 922}};
}

}  // namespace octet::sample
