#include "report/run/sections/training.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "eval/speed/machine_limits.h"
#include "nn/cost.h"
#include "report/run/chart_drawer.h"
#include "report/run/report.h"
#include "train/metrics.h"

namespace octet {
namespace {

/// Refuses a file that lost its end: sums over its rows would not be those of the training.
std::vector<MetricsRow> read_rows_up_to(std::int64_t step, const std::filesystem::path& metrics) {
  std::vector<MetricsRow> rows = read_metrics(metrics);
  const std::int64_t last = rows.empty() ? 0 : rows.back().step;
  if (last < step) {
    fail(ErrorKind::input, "{}: expected rows of at least {} steps, as the checkpoint has taken, found {}",
         metrics.string(), step, last == 0 ? "none" : fmt::format("the last one at step {}", last));
  }
  return rows;
}

Chart training_chart(const Report& report, const ChartDrawer& drawer, const std::string& file) {
  TrainingChart chart;
  for (const MetricsRow& row :
       read_rows_up_to(std::max<std::int64_t>(report.training.steps, 1), drawer.sources().metrics)) {
    chart.steps.push_back({static_cast<double>(row.step), row.loss, row.lr});
    if (row.val_loss) {
      chart.held_out.push_back({static_cast<double>(row.step), *row.val_loss});
    }
  }
  return draw_training_chart(drawer.folder(), file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  if (drawer.sources().metrics.empty()) return;
  drawer.draw("training", "training", [&](const std::string& file) { return training_chart(report, drawer, file); });
}

}  // namespace

ReportTraining summarize_training(const std::filesystem::path& metrics, std::int64_t step, const GptConfig& model,
                                  double bits_per_byte, DeviceKind device, ProgressSink& progress) {
  ReportTraining training = {.parameters = parameter_count(model), .bits_per_byte = bits_per_byte};
  if (metrics.empty()) return training;
  std::vector<MetricsRow> rows;
  try {
    rows = read_rows_up_to(step, metrics);
  } catch (const Error& error) {
    progress.note(fmt::format("note: the report will not tell of the training: {}", error.what()));
    return training;
  }
  double seconds = 0.0;
  for (const MetricsRow& row : rows) {
    seconds += row.ms / 1000.0;
  }
  training.steps = rows.back().step;
  training.tokens = rows.back().tokens;
  training.seconds = seconds;
  training.tokens_per_s = static_cast<double>(training.tokens) / seconds;
  training.share_of_fp32_peak =
      training.tokens_per_s * training_flops_per_token(model, model.context) / (measure_peak_fp32_gflops(device) * 1e9);
  return training;
}

std::vector<Fact> training_facts(const ReportTraining& training) {
  if (training.steps <= 0) return {};
  return {
      {"Training speed", fmt::format("{} tokens/s, {} of the machine's FP32 peak", format_rate(training.tokens_per_s),
                                     format_percent(training.share_of_fp32_peak, 1))},
      {"Tokens trained on", format_integer(training.tokens)},
      {"Bits per byte after training", format_fixed(training.bits_per_byte, 4)}};
}

ReportSection training_section() {
  return {.id = "training", .title = "Training", .draw = draw};
}

}  // namespace octet
