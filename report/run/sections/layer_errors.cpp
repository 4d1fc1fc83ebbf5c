#include "report/run/sections/layer_errors.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/config/config.h"
#include "base/number_text.h"
#include "base/shown_text.h"
#include "eval/outliers/outlier_impact.h"
#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

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

Chart weight_chart(const std::filesystem::path& folder, const std::string& file, Gpt& fp32, const std::string& tensor,
                   const WeightScheme& scheme) {
  const Tensor before = weight_of(fp32, tensor);
  const AnyWeight stored = quantize_matrix(before, scheme);
  const Tensor after = dequantize(stored);
  return draw_weight_chart(folder, file,
                           {.layer = tensor,
                            .scheme = scheme.describe(),
                            .before = before.span<float>(),
                            .after = after.span<float>(),
                            .scale = median_scale(codes_of(stored)),
                            .bits = static_cast<int>(scheme.bits)});
}

/// A matrix that a recipe hurt more than all others.
struct HurtMatrix {
  const Recipe* recipe;
  std::string tensor;
  double snr_db;
};

/// The worst matrix of each recipe that a chart can show: it draws the levels of a symmetric grid over the weights of
/// the FP32 model, which transforms change, and rounds them anew, which takes no inputs of layers.
std::vector<HurtMatrix> hurt_matrices(const Report& report, const std::vector<Recipe>& recipes) {
  std::vector<HurtMatrix> matrices;
  std::set<std::string> seen;  // recipes that differ in activations alone round the same weights to the same codes
  for (const Recipe& recipe : recipes) {
    const auto model = std::find_if(report.models.begin(), report.models.end(),
                                    [&](const ReportModel& entry) { return entry.name == recipe.name; });
    if (model == report.models.end() || model->layer_errors.empty() || !recipe.transforms.empty() ||
        recipe.needs_inputs()) {
      continue;
    }
    const ReportLayerError& worst = *std::min_element(model->layer_errors.begin(), model->layer_errors.end(),
                                                      [](const auto& a, const auto& b) { return a.snr_db < b.snr_db; });
    const WeightScheme& scheme = recipe.scheme_of(worst.layer.substr(0, worst.layer.rfind(".weight")));
    if (scheme.has_grid() && scheme.symmetric && seen.insert(worst.layer + "\n" + to_yaml(scheme)).second) {
      matrices.push_back({&recipe, worst.layer, worst.snr_db});
    }
  }
  return matrices;
}

void draw(const Report& report, ChartDrawer& drawer) {
  constexpr std::size_t kMostCharts = 4;  // each is tens of kilobytes of the page
  std::vector<HurtMatrix> matrices = hurt_matrices(report, drawer.sources().recipes);
  std::stable_sort(matrices.begin(), matrices.end(),
                   [](const HurtMatrix& a, const HurtMatrix& b) { return a.snr_db < b.snr_db; });
  matrices.resize(std::min(matrices.size(), kMostCharts), HurtMatrix{});
  for (const HurtMatrix& matrix : matrices) {
    const WeightScheme& scheme = matrix.recipe->scheme_of(matrix.tensor.substr(0, matrix.tensor.rfind(".weight")));
    const std::string& name = matrix.recipe->name;
    drawer.draw(file_name_for("weights_" + name), "weights of " + name, [&](const std::string& file) {
      return weight_chart(drawer.folder(), file, drawer.sources().fp32(), matrix.tensor, scheme);
    });
  }
}

constexpr const char* kExplanation =
    "How far rounding moved the weights of each layer. SNR is the signal above the error, 10 log10(sum w^2 / sum "
    "error^2): 6 dB more are one bit more. A layer far below the others has weights that its grid does not suit.";

/// NaN, what was not measured, has no place in an order and goes last.
bool measured_before(double left, double right) {
  return std::isnan(right) ? !std::isnan(left) : left < right;
}

const std::vector<std::string>& worst_header() {
  static const std::vector<std::string> names = {"Version", "Worst layer", "its SNR (dB)", "Median SNR (dB)"};
  return names;
}

/// The worst layer of each model.
std::vector<std::vector<std::string>> worst_rows(const Report& report, std::string (*escape)(std::string_view)) {
  std::vector<std::vector<std::string>> rows;
  for (const ReportModel& model : report.models) {
    std::vector<ReportLayerError> errors = model.layer_errors;
    if (errors.empty()) continue;
    std::stable_sort(errors.begin(), errors.end(),
                     [](const auto& a, const auto& b) { return measured_before(a.snr_db, b.snr_db); });
    rows.push_back({escape(model.name), escape(errors.front().layer), format_fixed(errors.front().snr_db, 1),
                    format_fixed(errors[errors.size() / 2].snr_db, 1)});
  }
  return rows;
}

std::string markdown(const Report& report) {
  const auto rows = worst_rows(report, escape_markdown);
  if (rows.empty()) return "";
  std::string text = fmt::format("{}\n\n{}{}", kExplanation, kChartsHere, markdown_header(worst_header()));
  for (const auto& row : rows) text += markdown_row(row);
  return text + "\n";
}

std::string layer_error_table(std::vector<ReportLayerError> errors) {
  const bool has_loss =
      std::any_of(errors.begin(), errors.end(), [](const auto& error) { return std::isfinite(error.delta_nll); });
  std::stable_sort(errors.begin(), errors.end(), [&](const auto& a, const auto& b) {
    return has_loss ? measured_before(-a.delta_nll, -b.delta_nll) : measured_before(a.snr_db, b.snr_db);
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

std::string html(const Report& report, const std::filesystem::path&) {
  const auto worst = worst_rows(report, escape_html);
  if (worst.empty()) return "";
  std::string layers;
  for (const ReportModel& model : report.models) {
    if (model.layer_errors.empty()) continue;
    layers += html_details(
        fmt::format("Every layer of {}, worst first ({})", escape_html(model.name), model.layer_errors.size()),
        layer_error_table(model.layer_errors));
  }
  constexpr std::size_t kFew = 6;
  if (worst.size() > kFew) layers = html_details("Every layer of every version", layers);
  return fmt::format("<p>{}</p>\n{}{}{}", kExplanation, kChartsHere, html_table(worst_header(), worst, 2), layers);
}

}  // namespace

void put_layer_errors(ReportModel& model, const Coverage& coverage) {
  for (const CoverageRow& row : coverage.rows) {
    if (row.error.mse > 0) {
      model.layer_errors.push_back({row.path, row.error.mse, row.error.snr_db, row.error.max_abs, kNotMeasured});
    }
  }
}

ReportSection layer_errors_section() {
  return {.id = "layers", .title = "Layer by layer", .markdown = markdown, .html = html, .draw = draw};
}

}  // namespace octet
