#include "eval/report/sections/layer_errors.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/config/config.h"
#include "base/number_text.h"
#include "base/shown_text.h"
#include "eval/outliers/outlier_impact.h"
#include "eval/report/chart_drawer.h"
#include "eval/report/html.h"
#include "eval/report/report.h"
#include "quant/apply_recipe.h"

namespace octet {
namespace {

Tensor weight_of(Gpt& model, const std::string& path) {
  for (const Module::NamedParameter& entry : model.parameters()) {
    if (entry.path == path) {
      return entry.parameter->value();
    }
  }
  fail(ErrorKind::input, "report.json: it names the tensor \"{}\", which the model does not have", path);
}

Chart weight_chart(const std::filesystem::path& folder, Gpt& fp32, const Recipe& recipe, const std::string& tensor,
                   const WeightScheme& scheme) {
  const Tensor before = weight_of(fp32, tensor);
  const AnyWeight stored = quantize_matrix(before, scheme);
  const Tensor after = dequantize(stored);
  return draw_weight_chart(folder, file_name_for("weights_" + recipe.name),
                           {.layer = tensor,
                            .scheme = scheme.describe(),
                            .before = before.span<float>(),
                            .after = after.span<float>(),
                            .scale = median_scale(codes_of(stored)),
                            .bits = static_cast<int>(scheme.bits)});
}

void draw(const Report& report, ChartDrawer& drawer) {
  std::set<std::string> drawn;  // recipes that differ in activations alone round the same weights to the same codes
  for (const Recipe& recipe : drawer.sources().recipes) {
    const auto model = std::find_if(report.models.begin(), report.models.end(),
                                    [&](const ReportModel& entry) { return entry.name == recipe.name; });
    // The chart draws the levels of a symmetric grid over the weights of the FP32 model, which transforms change, and
    // rounds them anew, which takes no inputs of layers.
    if (model == report.models.end() || model->layer_errors.empty() || !recipe.transforms.empty() ||
        recipe.needs_inputs()) {
      continue;
    }
    const std::string worst =
        std::min_element(model->layer_errors.begin(), model->layer_errors.end(), [](const auto& a, const auto& b) {
          return a.snr_db < b.snr_db;
        })->layer;
    const WeightScheme& scheme = recipe.scheme_of(worst.substr(0, worst.rfind(".weight")));
    if (scheme.has_grid() && scheme.symmetric && drawn.insert(worst + "\n" + to_yaml(scheme)).second) {
      drawer.draw("weights of " + recipe.name,
                  [&] { return weight_chart(drawer.folder(), drawer.sources().fp32(), recipe, worst, scheme); });
    }
  }
}

}  // namespace

void put_layer_errors(ReportModel& model, const Coverage& coverage) {
  for (const CoverageRow& row : coverage.rows) {
    if (row.error.mse > 0) {
      model.layer_errors.push_back({row.path, row.error.mse, row.error.snr_db, row.error.max_abs, kNotMeasured});
    }
  }
}

std::string layer_error_table(std::vector<ReportLayerError> errors) {
  const bool has_loss =
      std::any_of(errors.begin(), errors.end(), [](const auto& error) { return std::isfinite(error.delta_nll); });
  std::stable_sort(errors.begin(), errors.end(), [&](const auto& a, const auto& b) {
    // What was not measured goes last: NaN has no place in an order.
    const double left = has_loss ? -a.delta_nll : a.snr_db, right = has_loss ? -b.delta_nll : b.snr_db;
    return std::isnan(right) ? !std::isnan(left) : left < right;
  });
  std::vector<std::vector<std::string>> rows;
  for (const ReportLayerError& error : errors) {
    rows.push_back({escape_html(error.layer), format_fixed(error.snr_db, 1),
                    std::isfinite(error.mse) ? fmt::format("{:.2e}", error.mse) : "n/a",
                    format_fixed(error.max_error, 5)});
    if (has_loss) {
      rows.back().push_back(std::isfinite(error.delta_nll) ? fmt::format("{:+.5f}", error.delta_nll) : "n/a");
    }
  }
  std::vector<std::string> header{"Layer", "SNR (dB)", "MSE", "Largest error"};
  if (has_loss) header.emplace_back("Loss if alone (nats)");
  return html_table(header, rows);
}

ReportSection layer_errors_section() {
  return {.draw = draw};
}

}  // namespace octet
