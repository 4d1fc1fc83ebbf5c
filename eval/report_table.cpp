#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "eval/report_text.h"

namespace octet {

namespace {

using Row = std::vector<std::string>;

/// Columns on a terminal: code points, of which every text of the table takes one column each.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shorten(const std::string& name, std::size_t width) {
  if (display_width(name) <= width) return name;
  std::size_t bytes = 0;
  for (std::size_t points = 0; bytes < name.size(); ++bytes) {
    if ((static_cast<unsigned char>(name[bytes]) & 0xC0) != 0x80 && points++ == width - 2) break;
  }
  return name.substr(0, bytes) + "..";
}

std::string without_unit(std::string text) {
  const std::size_t space = text.find(' ');
  return space == std::string::npos ? text : text.substr(0, space);
}

Row model_row(const ReportModel& model) {
  return {shorten(model.name, 18),
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

  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string padding(widths[c] - display_width(rows[r][c]), ' ');
      line += c == 0 ? rows[r][c] + padding : "  " + padding + rows[r][c];
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    if (r == 1) {
      std::size_t total = 2 * (widths.size() - 1);
      for (const std::size_t width : widths) total += width;
      text += std::string(total, '-') + "\n";
    }
  }
  return text;
}

}  // namespace octet
