#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/core.h>

#include "base/json_check.h"
#include "base/shown_text.h"
#include "base/utf8.h"

namespace octet {
namespace {

/// The library's own messages never reach anyone: what it would refuse is refused before.
template <typename Json>
Json parse(std::string_view text, const std::string& name) {
  check_json(text, name);
  return Json::parse(text);
}

/// JSON with what could steer a terminal written as an escape, which every reader takes for the character itself. The
/// library escapes controls below U+0020 alone.
std::string without_steering(std::string_view json) {
  std::string text;
  while (!json.empty()) {
    const CodePoint point = read_utf8(json);
    const auto length = static_cast<std::size_t>(std::max(point.length, 1));
    if (is_steering(point.value)) {
      text += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point.value));
    } else {
      text += json.substr(0, length);
    }
    json.remove_prefix(length);
  }
  return text;
}

template <typename Json>
std::string dumped(const Json& value, int indent) {
  return without_steering(value.dump(indent, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& name) {
  return parse<nlohmann::json>(text, name);
}
nlohmann::ordered_json parse_ordered_json(std::string_view text, const std::string& name) {
  return parse<nlohmann::ordered_json>(text, name);
}

std::string json_text(const nlohmann::json& value, int indent) {
  return dumped(value, indent);
}
std::string json_text(const nlohmann::ordered_json& value, int indent) {
  return dumped(value, indent);
}

}  // namespace octet
