#include <algorithm>

#include <fmt/ranges.h>

#include "base/number_text.h"
#include "base/text_columns.h"
#include "eval/microscope/microscope.h"

namespace octet {
namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kMostNameColumns = 32;

std::string mse_text(double relative_mse) {
  return fmt::format("{:.3g}", relative_mse);
}

std::string formats_table(const MicroscopeReport& report) {
  std::vector<Row> rows = {{"#", "recipe", "weights", "bits", "MSE", "SNR dB", "x"}};
  const bool with_model = !report.matrices.empty();
  if (with_model) {
    rows.front().insert(rows.front().end(), {"model bits", "model MSE"});
  }
  for (const FormatRow& format : report.formats) {
    rows.push_back({fmt::format("{}", rows.size()), shortened(format.name, kMostNameColumns), format.scheme,
                    format_fixed(format.gaussian.bits_per_weight, 3), mse_text(format.gaussian.relative_mse),
                    format_fixed(format.gaussian.snr_db, 2), format_fixed(format.times_shannon, 2)});
    if (format.model) {
      rows.back().insert(rows.back().end(),
                         {format_fixed(format.model->bits_per_weight, 3), mse_text(format.model->relative_mse)});
    }
  }
  return align_columns(rows, "><<>>>>>>");
}

/// The kurtoses in one line: the matrices that are most and least normal have their names in it.
std::string kurtosis_line(const std::vector<MatrixShape>& matrices) {
  std::vector<MatrixShape> sorted = matrices;
  std::erase_if(sorted, [](const MatrixShape& matrix) { return matrix.kurtosis != matrix.kurtosis; });
  if (sorted.empty()) {
    return fmt::format("{} matrices, each of equal values\n", matrices.size());
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.kurtosis < b.kurtosis; });
  const MatrixShape &least = sorted.front(), &most = sorted.back();
  return fmt::format("{} matrices; kurtosis (3 of normal values): median {:.2f}, from {:.2f} ({}) to {:.2f} ({})\n",
                     matrices.size(), sorted[sorted.size() / 2].kurtosis, least.kurtosis, least.tensor, most.kurtosis,
                     most.tensor);
}

}  // namespace

std::string microscope_table(const MicroscopeReport& report) {
  std::string text = formats_table(report);
  text += fmt::format(
      "\n{} normal values; MSE: sum (x - x')^2 / sum x^2; x: MSE / 4^-bits, times the least that any code of this size "
      "can reach\n",
      format_integer(report.samples));
  if (!report.matrices.empty()) {
    text += kurtosis_line(report.matrices);
  }
  for (const FormatRow& format : report.formats) {
    if (!format.same.empty()) {
      text += fmt::format("{}: also the weights of {}\n", format.name, fmt::join(format.same, ", "));
    }
  }
  for (const FormatLeftOut& recipe : report.left_out) {
    text += fmt::format("{} left out: {}\n", recipe.name, recipe.reason);
  }
  return text;
}

}  // namespace octet
