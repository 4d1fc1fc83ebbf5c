#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace octet {

/// Deeper JSON is refused, so that functions over trees may recurse.
inline constexpr int kDeepestJson = 64;

/// Reads one JSON value from the content of a file that anyone may have written; `name` stands in messages.
/// Error (input) with the place (base/json_check.h) for what is no JSON, a key that an object has twice, a number
/// beyond double, text after the value, a NUL byte, and nesting deeper than kDeepestJson.
nlohmann::json parse_json(std::string_view text, const std::string& name);
/// The same, with the keys of objects in their order.
nlohmann::ordered_json parse_ordered_json(std::string_view text, const std::string& name);

/// The JSON text of a value. Always valid: bytes of a text that are not UTF-8 (the name of a file may hold any) become
/// U+FFFD. Characters that steer a terminal (is_steering) stand as escapes. `indent` -1: all on one line.
std::string json_text(const nlohmann::json& value, int indent = -1);
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

}  // namespace octet
