#include "report/run/sections/size.h"

#include <utility>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/speed/size.h"
#include "report/run/report.h"

namespace octet {

void put_size(ReportModel& model, const ModelSize& size, const ModelSize& fp32) {
  model.bits_per_weight = size.bits_per_weight();
  model.file_bytes = size.file_bytes;
  model.size_ratio = static_cast<double>(size.file_bytes) / static_cast<double>(fp32.file_bytes);
  model.size = {size.codes, size.scales, size.embeddings, size.unquantized};
}

std::string size_bar(const ReportSize& size) {
  const std::pair<const char*, std::int64_t> parts[] = {{"codes", size.codes},
                                                        {"scales", size.scales},
                                                        {"embeddings", size.embeddings},
                                                        {"unquantized", size.unquantized}};
  double total = 0;
  for (const auto& [name, bytes] : parts) {
    if (bytes > 0) total += static_cast<double>(bytes);
  }
  if (total <= 0) return "";
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

}  // namespace octet
