#include "base/config/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/core.h>

#include "base/ascii.h"

namespace octet {
namespace {

template <typename T>
std::string real_text(T value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  // JSON takes -0 for an integer, which has no sign there.
  if (value == 0 && std::signbit(value)) return "-0.0";
  // Like std::to_chars, but 0.0003 and 100000 rather than 3e-04 and 1e+05.
  return fmt::format("{}", value);
}

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text;
}

/// from_chars knows no leading plus.
std::string_view without_plus(std::string_view text) {
  return !text.empty() && text[0] == '+' ? text.substr(1) : text;
}

bool has_leading_zero(std::string_view text) {
  const std::string_view digits = without_sign(text);
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

template <typename T>
ScalarResult parse_real(std::string_view text, T& value) {
  const std::string_view magnitude = without_sign(text);
  const bool negative = text.starts_with('-');
  if (magnitude == ".inf" || magnitude == ".Inf" || magnitude == ".INF") {
    value = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    return {true, ""};
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    value = std::numeric_limits<T>::quiet_NaN();
    return {true, ""};
  }
  if (has_leading_zero(text)) return {false, "a leading zero is ambiguous"};
  // from_chars would also take the words inf and nan, and a second sign after the plus.
  if (magnitude.empty() || !(is_digit(magnitude[0]) || magnitude[0] == '.')) return {};

  const std::string_view digits = without_plus(text);
  T read{};
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), read);
  if (result.ptr != digits.data() + digits.size()) return {};
  if (result.ec == std::errc::result_out_of_range) {
    return {false, fmt::format("too large or too small for {} bits", 8 * sizeof(T))};
  }
  if (result.ec != std::errc{}) return {};
  value = read;
  return {true, ""};
}

template <typename T>
ScalarResult parse_integer(std::string_view text, T& value) {
  const std::string out_of_range =
      fmt::format("outside {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  if (has_leading_zero(text)) return {false, "a leading zero is ambiguous"};
  if (all_digits(without_sign(text))) {
    if (std::is_unsigned_v<T> && text[0] == '-') return {false, out_of_range};
    const std::string_view digits = without_plus(text);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return result.ec == std::errc{} ? ScalarResult{true, ""} : ScalarResult{false, out_of_range};
  }
  // Above 2^53 a double no longer tells neighbouring integers apart.
  constexpr double kLargestExact = 9007199254740992.0;
  double real = 0;
  if (!parse_real(text, real).ok || !std::isfinite(real)) return {};
  if (real != std::trunc(real)) return {false, "not a whole number"};
  if (std::abs(real) > kLargestExact) return {false, "too large to be written with an exponent"};
  if (real < static_cast<double>(std::numeric_limits<T>::min()) ||
      real > static_cast<double>(std::numeric_limits<T>::max())) {
    return {false, out_of_range};
  }
  value = static_cast<T>(real);
  return {true, ""};
}

}  // namespace

std::string scalar_text(bool value) {
  return value ? "true" : "false";
}
std::string scalar_text(std::int32_t value) {
  return std::to_string(value);
}
std::string scalar_text(std::int64_t value) {
  return std::to_string(value);
}
std::string scalar_text(std::uint64_t value) {
  return std::to_string(value);
}
std::string scalar_text(float value) {
  return real_text(value);
}
std::string scalar_text(double value) {
  return real_text(value);
}
std::string scalar_text(std::string_view value) {
  return std::string(value);
}

std::string scalar_text(const char* value) {
  return value;
}

ScalarResult parse_scalar(std::string_view text, bool& value) {
  if (text != "true" && text != "false") return {};
  value = text == "true";
  return {true, ""};
}

ScalarResult parse_scalar(std::string_view text, std::int32_t& value) {
  return parse_integer(text, value);
}
ScalarResult parse_scalar(std::string_view text, std::int64_t& value) {
  return parse_integer(text, value);
}
ScalarResult parse_scalar(std::string_view text, std::uint64_t& value) {
  return parse_integer(text, value);
}
ScalarResult parse_scalar(std::string_view text, float& value) {
  return parse_real(text, value);
}
ScalarResult parse_scalar(std::string_view text, double& value) {
  return parse_real(text, value);
}

}  // namespace octet
