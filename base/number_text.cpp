#include "base/number_text.h"

#include <cmath>

#include <fmt/format.h>

namespace octet {

namespace {
constexpr const char* kUnknown = "n/a";
constexpr double kLongest = 1e12;  // what is larger is written with a power of ten: 300 digits help nobody

std::string fixed(double value, int decimals) {
  return std::abs(value) < kLongest ? fmt::format("{:.{}f}", value, decimals) : fmt::format("{:.3e}", value);
}
}  // namespace

std::string format_fixed(double value, int decimals) {
  return std::isfinite(value) ? fixed(value, decimals) : kUnknown;
}

std::string format_percent(double ratio, int decimals) {
  return std::isfinite(ratio) ? fixed(100 * ratio, decimals) + " %" : kUnknown;
}

std::string format_change(double ratio) {
  if (!std::isfinite(ratio)) return kUnknown;
  const double percent = 100 * ratio;
  if (std::abs(percent) < 0.005) return "0.00 %";
  return (percent > 0 ? "+" : "") + fixed(percent, 2) + " %";
}

std::string format_confidence(double confidence) {
  return confidence > 0 && confidence < 1 ? fmt::format("{:.6g} %", 100 * confidence) : kUnknown;
}

std::string format_threshold(double value) {
  return std::isfinite(value) ? fmt::format("{:g}", value) : kUnknown;
}

std::string format_megabytes(std::int64_t bytes) {
  return fmt::format("{:.2f} MB", static_cast<double>(bytes) / 1e6);
}

std::string format_integer(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::ptrdiff_t first = value < 0 ? 1 : 0;  // the sign is no digit; -2^63 has no absolute value
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string format_total(double whole) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: until here doubles hold every integer
  return std::abs(whole) <= kExact ? format_integer(static_cast<std::int64_t>(whole)) : fmt::format("{:.3e}", whole);
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second)) return kUnknown;
  if (std::abs(per_second) >= kLongest) return fmt::format("{:.3e}", per_second);
  if (per_second < 10) return fmt::format("{:.1f}", per_second);
  return format_integer(std::llround(per_second));
}

std::string format_times(double ratio) {
  return std::isfinite(ratio) ? fixed(ratio, 2) + "×" : kUnknown;
}

std::string format_divergence(double nats) {
  if (!std::isfinite(nats)) return kUnknown;
  if (nats == 0) return "0";
  return std::abs(nats) < 0.001 ? fmt::format("{:.1e}", nats) : fixed(nats, 4);
}

}  // namespace octet
