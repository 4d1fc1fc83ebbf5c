#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "eval/report/html.h"
#include "eval/report/text.h"

namespace octet {

namespace {

/// How many bytes two texts have in common at the start, cut at a whole character.
std::size_t common_prefix(const std::string& a, const std::string& b) {
  auto length = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin()).first -
      a.begin());
  while (length > 0 && length < a.size() && (static_cast<unsigned char>(a[length]) & 0xC0) == 0x80) --length;
  return length;
}

std::string sample_html(const ReportSample& sample, std::size_t index) {
  const ReportContinuation& entry = sample.texts[index];
  const std::size_t same = index == 0 ? 0 : common_prefix(entry.text, sample.texts[0].text);
  const std::string rest = escape_html(entry.text.substr(same));
  return fmt::format(
      "<div><h3>{}</h3><pre><span class=\"prompt\">{}</span><span class=\"same\">{}</span>{}</pre></div>\n",
      escape_html(entry.model), escape_html(sample.prompt), escape_html(entry.text.substr(0, same)),
      index == 0 || rest.empty() ? rest : "<span class=\"new\">" + rest + "</span>");
}

std::string size_bar(const ReportSize& size) {
  double total = 0;
  for (const std::int64_t bytes : {size.codes, size.scales, size.embeddings, size.unquantized}) {
    if (bytes > 0) total += static_cast<double>(bytes);
  }
  if (total <= 0) return "";
  const std::pair<const char*, std::int64_t> parts[] = {{"codes", size.codes},
                                                        {"scales", size.scales},
                                                        {"embeddings", size.embeddings},
                                                        {"unquantized", size.unquantized}};
  std::string bar, legend;
  int color = 0;
  for (const auto& [name, bytes] : parts) {
    const double share = static_cast<double>(bytes) / total;
    if (bytes > 0) {
      bar += fmt::format("<span class=\"c{}\" style=\"width:{:.2f}%\"></span>", color, 100 * share);
      legend += fmt::format("<span><i class=\"c{}\"></i>{} {} ({})</span>", color, name, format_megabytes(bytes),
                            format_percent(share, 1));
    }
    ++color;
  }
  return "<div class=\"bar\">" + bar + "</div><div class=\"legend\">" + legend + "</div>\n";
}

std::string describe_scheme(const std::string& scheme, const std::string& reason) {
  if (reason.empty()) return escape_html(scheme);
  return fmt::format("{}<span class=\"interval\">{}</span>", escape_html(scheme), escape_html(reason));
}

std::string tensor_table(const std::vector<ReportTensor>& coverage) {
  std::vector<std::vector<std::string>> rows;
  for (const ReportTensor& tensor : coverage) {
    const double bits =
        tensor.values > 0 ? 8.0 * static_cast<double>(tensor.bytes) / static_cast<double>(tensor.values) : kNotMeasured;
    rows.push_back({escape_html(tensor.name), describe_scheme(tensor.scheme, tensor.reason),
                    format_integer(tensor.values), format_integer(tensor.bytes), format_fixed(bits, 2)});
  }
  return html_table({"Tensor", "Scheme", "Values", "Bytes", "Bits per weight"}, rows, 2);
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
    if (has_loss)
      rows.back().push_back(std::isfinite(error.delta_nll) ? fmt::format("{:+.5f}", error.delta_nll) : "n/a");
  }
  std::vector<std::string> header{"Layer", "SNR (dB)", "MSE", "Largest error"};
  if (has_loss) header.push_back("Loss if alone (nats)");
  return html_table(header, rows);
}

}  // namespace

std::string html_samples(const Report& report) {
  std::string html;
  std::string first;
  for (const ReportSample& sample : list_samples(report)) {
    std::string texts;
    for (std::size_t i = 0; i < sample.texts.size(); ++i) texts += sample_html(sample, i);
    if (first.empty() && !sample.texts.empty()) first = sample.texts[0].model;
    html += "<div class=\"samples\">" + texts + "</div>\n";
  }
  if (html.empty()) return "";
  return fmt::format(
      "<p>Each version goes on after the same prompt (bold) with the same random numbers (seed {}). Grey: the same "
      "text as {}; underlined: where it went another way. One different token is enough to part for good, so "
      "a different text is not a worse one.</p>\n{}",
      report.seed, escape_html(first), html);
}

std::string html_coverage(const Report& report) {
  std::string html;
  for (const ReportModel& model : report.models) {
    if (model.coverage.empty()) continue;
    html += fmt::format("<h3>{}</h3>\n<p>{}</p>\n", escape_html(model.name), escape_html(model.description));
    html += size_bar(model.size);
    std::vector<std::vector<std::string>> rows;
    for (const CoverageGroup& group : group_coverage(model.coverage)) {
      rows.push_back({describe_scheme(group.scheme, group.reason), format_integer(group.tensors),
                      format_total(group.values), format_total(group.bytes)});
    }
    html += html_table({"Scheme", "Tensors", "Values", "Bytes"}, rows);
    html += fmt::format("<details><summary>Every tensor ({})</summary>{}</details>\n", model.coverage.size(),
                        tensor_table(model.coverage));
    if (!model.layer_errors.empty()) {
      html += fmt::format("<details><summary>Error of every layer, worst first ({})</summary>{}</details>\n",
                          model.layer_errors.size(), layer_error_table(model.layer_errors));
    }
  }
  return html;
}

std::string html_outliers(const Report& report) {
  if (report.outliers.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const ReportOutliers& entry : report.outliers) {
    rows.push_back({escape_html(entry.layer), escape_html(entry.kind), format_fixed(entry.std, 4),
                    format_fixed(entry.max_abs, 3), format_fixed(entry.max_over_std, 1),
                    format_percent(entry.share_sigma, 4), format_percent(entry.share_absolute, 4)});
  }
  return fmt::format(
      "<p>An outlier is a value far from all others. It matters because the largest value sets the step between two "
      "levels: one value of 40 standard deviations leaves the ordinary ones few levels. Two rules find them: more "
      "than {} standard deviations from the mean, and a magnitude of at least {}.</p>\n"
      "<details><summary>All layers ({})</summary>{}</details>\n",
      format_threshold(report.sigma_threshold), format_threshold(report.absolute_threshold), rows.size(),
      html_table({"Layer", "Of", "std", "max", "max / std",
                  fmt::format("beyond {} std", format_threshold(report.sigma_threshold)),
                  fmt::format("at least {}", format_threshold(report.absolute_threshold))},
                 rows, 2));
}

std::string html_facts(const Report& report) {
  std::string html;
  for (const auto& [name, value] : list_facts(report)) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(name), escape_html(value));
  }
  html = "<dl class=\"facts\">\n" + html + "</dl>\n";
  if (report.provenance.config.empty()) return html;
  return html + "<details><summary>Configuration</summary><pre>" + escape_html(report.provenance.config) +
         "</pre></details>\n";
}

}  // namespace octet
