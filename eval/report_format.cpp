#include <cmath>

#include <fmt/format.h>

#include "eval/report_text.h"

namespace octet {

namespace {
constexpr const char* kUnknown = "n/a";
}  // namespace

std::string format_fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : kUnknown;
}

std::string format_percent(double ratio, int decimals) {
  return std::isfinite(ratio) ? fmt::format("{:.{}f} %", 100 * ratio, decimals) : kUnknown;
}

std::string format_change(double ratio) {
  if (!std::isfinite(ratio)) return kUnknown;
  const double percent = 100 * ratio;
  return std::abs(percent) < 0.005 ? "0.00 %" : fmt::format("{:+.2f} %", percent);
}

std::string format_megabytes(std::int64_t bytes) {
  return fmt::format("{:.2f} MB", static_cast<double>(bytes) / 1e6);
}

std::string format_integer(std::int64_t value) {
  std::string digits = std::to_string(std::abs(value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return value < 0 ? "-" + digits : digits;
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second)) return kUnknown;
  if (per_second < 10) return fmt::format("{:.1f}", per_second);
  return format_integer(std::llround(per_second));
}

std::string format_times(double ratio) {
  return std::isfinite(ratio) ? fmt::format("{:.2f}×", ratio) : kUnknown;
}

std::string format_divergence(double nats) {
  if (!std::isfinite(nats)) return kUnknown;
  if (nats == 0) return "0";
  return std::abs(nats) < 0.001 ? fmt::format("{:.1e}", nats) : fmt::format("{:.4f}", nats);
}

}  // namespace octet
