#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

/// Text of one number or truth value, as configurations write it. Numbers have the fewest decimal digits that read back
/// to the same value; those that are not finite are `.nan`, `.inf`, `-.inf`.
std::string scalar_text(bool value);
std::string scalar_text(std::int32_t value);
std::string scalar_text(std::int64_t value);
std::string scalar_text(std::uint64_t value);
std::string scalar_text(float value);
std::string scalar_text(double value);
std::string scalar_text(std::string_view value);
std::string scalar_text(const char* value);  // without it a literal would convert to bool

/// What reading a scalar gave. On failure `value` is untouched and `hint` may say what was odd.
struct ScalarResult {
  bool ok = false;
  std::string hint;
};

/// Reads `true` or `false`.
ScalarResult parse_scalar(std::string_view text, bool& value);

/// Integers are decimal: `010` and `0x10` are refused, since YAML readers disagree about them.
/// `1e7` and `2.5e3` are taken because they are whole, up to 2^53.
ScalarResult parse_scalar(std::string_view text, std::int32_t& value);
ScalarResult parse_scalar(std::string_view text, std::int64_t& value);
ScalarResult parse_scalar(std::string_view text, std::uint64_t& value);

/// Decimal numbers, rounded once to the type, and YAML's `.nan`, `.inf`, `-.inf`.
ScalarResult parse_scalar(std::string_view text, float& value);
ScalarResult parse_scalar(std::string_view text, double& value);

}  // namespace octet
