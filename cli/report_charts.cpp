#include "cli/report_charts.h"

#include <algorithm>
#include <functional>

#include "base/shown_text.h"
#include "cli/text_stage.h"
#include "eval/outliers/layer_outliers.h"
#include "eval/outliers/outlier_impact.h"
#include "eval/score/window_batches.h"
#include "nn/files/model_file.h"
#include "nn/layers/linear.h"
#include "quant/apply_recipe.h"
#include "train/metrics.h"

namespace octet {
namespace {

constexpr int kImpactBits = 4;              // few enough levels to see
constexpr std::int64_t kImpactRows = 2048;  // activations of the worst layer that the study looks at

Chart training_chart(const Run& run, const std::filesystem::path& folder) {
  TrainingChart chart;
  for (const MetricsRow& row : read_metrics(run.folder / "metrics.jsonl")) {
    chart.steps.push_back({static_cast<double>(row.step), row.loss, row.lr});
    if (row.val_loss) {
      chart.held_out.push_back({static_cast<double>(row.step), *row.val_loss});
    }
  }
  return draw_training_chart(folder, "training", chart);
}

Chart tradeoff_chart(const Report& report, const std::filesystem::path& folder) {
  std::vector<TradeoffPoint> points;
  for (const ReportModel& model : report.models) {
    const double fp32 = report.models.front().perplexity;
    points.push_back({model.name, static_cast<double>(model.file_bytes) / 1e6, model.bits_per_weight, model.perplexity,
                      fp32 * (1.0 + model.ppl_increase.low), fp32 * (1.0 + model.ppl_increase.high)});
  }
  return draw_tradeoff_chart(folder, "perplexity_size", points, report.protocol.confidence);
}

Chart speed_chart(const Report& report, const std::filesystem::path& folder) {
  std::vector<SpeedPoint> points;
  for (const ReportModel& model : report.models) {
    points.push_back({model.name, model.prefill_tokens_per_s, model.decode_tokens_per_s});
  }
  return draw_speed_chart(folder, "speed", points);
}

Chart activations_chart(const Report& report, const std::filesystem::path& folder) {
  ActivationChart chart = {report.sigma_threshold, report.absolute_threshold, {}};
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind == "activations") {
      chart.layers.push_back({row.layer, row.max_over_std, row.share_sigma, row.share_absolute});
    }
  }
  return draw_activation_chart(folder, "outliers_by_layer", chart);
}

Tensor weight_of(Gpt& model, const std::string& path) {
  for (const Module::NamedParameter& entry : model.parameters()) {
    if (entry.path == path) {
      return entry.parameter->value();
    }
  }
  fail(ErrorKind::input, "report.json: it names the tensor \"{}\", which the model does not have", path);
}

// The step between two levels of the typical row or group.
double median_scale(const AnyWeight& weight) {
  std::vector<float> sorted = codes_of(weight).scales.to_vector();
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  return static_cast<double>(sorted[sorted.size() / 2]);
}

// The matrix that this recipe hurt most.
Chart weights_chart(Gpt& fp32, const Recipe& recipe, const ReportModel& model, const std::filesystem::path& folder) {
  const auto worst = std::min_element(model.layer_errors.begin(), model.layer_errors.end(),
                                      [](const auto& a, const auto& b) { return a.snr_db < b.snr_db; });
  const Tensor before = weight_of(fp32, worst->layer);
  const bool is_table = worst->layer == "embedding.weight" && recipe.embedding;
  const WeightScheme& scheme = is_table ? *recipe.embedding : recipe;
  const AnyWeight stored = quantize_matrix(before, scheme);
  const Tensor after = dequantize(stored);
  WeightChart chart = {
      .layer = worst->layer, .scheme = scheme.describe(), .before = before.span<float>(), .after = after.span<float>()};
  chart.scale = median_scale(stored);
  chart.bits = static_cast<int>(scheme.bits);
  return draw_weight_chart(folder, file_name_for("weights_" + recipe.name), chart);
}

// What the largest activation outliers of the model do to a grid.
Chart impact_chart(Gpt& fp32, const Run& run, const Report& report, const std::filesystem::path& folder) {
  const ReportOutliers* worst = nullptr;
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind == "activations" && (worst == nullptr || row.max_over_std > worst->max_over_std)) {
      worst = &row;
    }
  }
  if (worst == nullptr) {
    fail(ErrorKind::input, "report.json: outliers: expected layers of kind \"activations\", got none");
  }
  Run copy = run;
  const RunText text = load_text(copy);
  const std::int64_t context = run.config.eval.context_of(fp32.config());
  const std::vector<Window> windows = pick_windows(
      evaluation_windows(text.tokens.test.runs, text.tokenizer, context, context), run.config.eval.outlier_windows);
  const Tensor inputs = layer_inputs(fp32, windows, worst->layer, kImpactRows);
  return draw_outlier_chart(
      folder, "outlier_impact",
      outlier_chart(study_outlier_impact("inputs of " + worst->layer, channels_first(inputs), kImpactBits)));
}

/// Draws charts one by one; what goes wrong with one becomes a notice and leaves the others alone.
class ChartDrawer {
 public:
  explicit ChartDrawer(ProgressSink& progress) : progress_(progress) {}

  void draw(const std::string& name, const std::function<Chart()>& chart) {
    try {
      drawn_.charts.push_back(chart());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      leave_out(name, error.what());
    } catch (const std::exception& error) {  // out of memory, or of the standard library
      leave_out(name, error.what());
    }
  }

  DrawnCharts take() { return std::move(drawn_); }

 private:
  void leave_out(const std::string& name, const std::string& reason) {
    drawn_.notices.push_back(fmt::format("The chart \"{}\" was left out: {}", name, reason));
    progress_.note(drawn_.notices.back());
  }

  ProgressSink& progress_;
  DrawnCharts drawn_;
};

/// Read when the first chart needs it, so that without it the others are drawn.
class LazyModel {
 public:
  explicit LazyModel(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Gpt& get() {
    if (!model_) {
      model_ = load_model(folder_);
    }
    return *model_;
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<Gpt> model_;
};

}  // namespace

DrawnCharts draw_charts(const Run& run, const Report& report, ProgressSink& progress) {
  if (const ChartSupport support = charts_available(); !support.available) {
    progress.note(fmt::format("Charts were left out: {}", support.reason));
    return {{}, {fmt::format("Charts were left out: {}", support.reason)}};
  }
  const std::filesystem::path folder = run.folder / "charts";
  LazyModel fp32(run.best_checkpoint());
  ChartDrawer drawer(progress);
  drawer.draw("perplexity against size", [&] { return tradeoff_chart(report, folder); });
  drawer.draw("what outliers do to a grid", [&] { return impact_chart(fp32.get(), run, report, folder); });
  drawer.draw("outliers by layer", [&] { return activations_chart(report, folder); });
  for (const Recipe& recipe : run.config.quantize) {
    const auto model = std::find_if(report.models.begin(), report.models.end(),
                                    [&](const ReportModel& entry) { return entry.name == recipe.name; });
    // The chart draws the levels of a symmetric grid.
    if (model != report.models.end() && recipe.has_codes() && recipe.symmetric && !model->layer_errors.empty()) {
      drawer.draw("weights of " + recipe.name, [&] { return weights_chart(fp32.get(), recipe, *model, folder); });
    }
  }
  drawer.draw("speed", [&] { return speed_chart(report, folder); });
  drawer.draw("training", [&] { return training_chart(run, folder); });
  return drawer.take();
}

}  // namespace octet
