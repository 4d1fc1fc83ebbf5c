#include "eval/speed/bench_text.h"

#include <algorithm>

#include "base/config/record.h"
#include "base/format.h"
#include "base/number_text.h"
#include "base/text_columns.h"

namespace octet {
namespace {

using Cells = std::vector<std::string>;

constexpr std::size_t kMostNameColumns = 30;
constexpr std::size_t kLeftAligned = 1;  // columns; the others are numbers

Cells cells(const BenchRow& row, const MachineLimits& machine) {
  std::string model = shortened(row.model, kMostNameColumns);
  std::replace(model.begin(), model.end(), '|', '/');  // the table is Markdown
  return {model + " " + row.format,
          format_bytes(static_cast<std::uint64_t>(row.bytes)),
          format_count(static_cast<double>(row.parameters)),
          machine.backend,
          std::to_string(machine.threads),
          row.test,
          fmt::format("{:.2f} ± {:.2f}", row.tokens_per_s, row.tokens_per_s_std),
          format_times(row.speedup),
          format_bytes(static_cast<std::uint64_t>(row.bytes_per_token)),
          fmt::format("{:.1f}", row.gbps),
          fmt::format("{:.1f}", row.gops),
          row.limit,
          format_percent(row.share_of_limit, 0)};
}

char alignment_of(std::size_t column) {
  return column < kLeftAligned ? '<' : '>';
}

std::string line_of(const Cells& row, const std::vector<std::size_t>& widths) {
  std::string line = "|";
  for (std::size_t c = 0; c < row.size(); ++c) line += " " + padded(row[c], widths[c], alignment_of(c)) + " |";
  return line + "\n";
}

}  // namespace

std::string bench_table(const BenchReport& report) {
  const Cells header = {"model",   "size",        "params", "backend", "threads", "test",    "t/s",
                        "speedup", "bytes/token", "GB/s",   "GOP/s",   "limit",   "of limit"};
  std::vector<Cells> rows = {header};
  for (const BenchRow& row : report.rows) {
    rows.push_back(cells(row, report.machine));
  }
  const std::vector<std::size_t> widths = column_widths(rows);
  Cells rule;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    rule.push_back(alignment_of(c) == '<' ? std::string(widths[c], '-') : std::string(widths[c] - 1, '-') + ":");
  }
  std::string text = line_of(header, widths) + line_of(rule, widths);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    text += line_of(rows[r], widths);
  }
  return text + fmt::format(
                    "\nt/s: median ± standard deviation; speedup: against fp32 in the same rounds. Measured limits: "
                    "fp32 {:.0f} GFLOP/s,\nint8 {:.0f} GOP/s, read {:.1f} GB/s out of cache (more for weights that fit "
                    "a cache).\n",
                    report.machine.peak_fp32_gflops, report.machine.peak_int8_gops, report.machine.read_gbps);
}

std::string bench_json(const BenchReport& report) {
  return record_to_json(report);
}

}  // namespace octet
