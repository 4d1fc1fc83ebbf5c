#include "base/format.h"

#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include <fmt/core.h>

namespace octet {
namespace {

/// Three significant digits of a value below 1000 after rounding, trailing zeros kept.
std::string three_digits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

/// Divides by `base` until the value rounds to less than it, and appends the suffix of that power.
std::string scaled(double value, double base, std::span<const std::string_view> suffixes) {
  std::size_t power = 0;
  while (value >= base - 0.5 && power + 1 < suffixes.size()) {
    value /= base;
    ++power;
  }
  return three_digits(value) + std::string(suffixes[power]);
}

}  // namespace

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || std::isinf(seconds)) {
    return "?";
  }
  if (seconds < 0.9995) {
    return fmt::format("{:.0f}ms", seconds * 1000);
  }
  if (seconds < 9.95) {
    return fmt::format("{:.1f}s", seconds);
  }
  const auto total = std::llround(seconds);
  if (total < 60) {
    return fmt::format("{}s", total);
  }
  if (total < 3600) {
    return fmt::format("{}m{:02}s", total / 60, total % 60);
  }
  if (total < 86400) {
    return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
  }
  return fmt::format("{}d{:02}h", total / 86400, total / 3600 % 24);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kSuffixes = {" B", " KiB", " MiB", " GiB", " TiB"};
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  return scaled(static_cast<double>(bytes), 1024, kSuffixes);
}

std::string format_count(double count) {
  static constexpr std::array<std::string_view, 5> kSuffixes = {"", "k", "M", "B", "T"};
  if (!std::isfinite(count)) {
    return "?";
  }
  if (count < 0) {
    return fmt::format("-{}", format_count(-count));
  }
  if (count < 1000 && count == std::floor(count)) {
    return fmt::format("{:.0f}", count);
  }
  if (count < 0.9995) {
    return fmt::format("{:.3g}", count);
  }
  return scaled(count, 1000, kSuffixes);
}

}  // namespace octet
