#include <numeric>

#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/run/report.h"

namespace octet {

namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kMostNameColumns = 18;
constexpr std::string_view kAlignment = "<>>>>>>>>>>";
constexpr std::string_view kGap = "  ";

std::string without_unit(std::string text) {
  const std::size_t space = text.find(' ');
  return space == std::string::npos ? text : text.substr(0, space);
}

Row model_row(const ReportModel& model) {
  return {shortened(model.name, kMostNameColumns),
          format_fixed(model.bits_per_weight, 2),
          without_unit(format_megabytes(model.file_bytes)),
          without_unit(format_percent(model.size_ratio, 1)),
          format_fixed(model.perplexity, 3),
          without_unit(format_change(model.ppl_increase.mean)),
          format_fixed(model.bits_per_byte, 4),
          format_divergence(model.kl_divergence.mean),
          without_unit(format_percent(model.top1_agreement)),
          format_rate(model.prefill_tokens_per_s),
          format_rate(model.decode_tokens_per_s)};
}

}  // namespace

std::string report_table(const Report& report) {
  std::vector<Row> rows = {
      {"model", "bits/", "size", "% of", "perplexity", "change", "bits/", "KL", "same", "prefill", "decode"},
      {"", "weight", "MB", "fp32", "", "%", "byte", "nats", "top-1 %", "tok/s", "tok/s"}};
  for (const ReportModel& model : report.models) rows.push_back(model_row(model));

  std::string text = align_columns(rows, kAlignment, kGap);
  const std::vector<std::size_t> widths = column_widths(rows);
  const std::size_t gaps = kGap.size() * (widths.size() - 1);
  const std::string rule(std::accumulate(widths.begin(), widths.end(), gaps), '-');
  const std::size_t third_line = text.find('\n', text.find('\n') + 1) + 1;
  return text.insert(third_line, rule + "\n");
}

}  // namespace octet
