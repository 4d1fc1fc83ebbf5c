#include "base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/shown_text.h"
#include "base/utf8.h"

namespace octet {
namespace {

/// Sees the parser's events before any tree is built. A tree keeps the last of two equal keys and takes any depth.
class StrictEvents final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit StrictEvents(const std::string& name) : name_(name) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override {
    open();
    return true;
  }
  bool key(string_t& key) override {
    if (!open_.back().insert(key).second) {
      fail(ErrorKind::input, "{}: broken JSON: the key \"{}\" appears twice in one object", name_, shown_text(key));
    }
    return true;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override {
    open();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    fail(ErrorKind::input, "{}: expected JSON, got {}", name_, shown_text(error.what()));
  }

 private:
  void open() {
    if (open_.size() == static_cast<std::size_t>(kDeepestJson)) {
      fail(ErrorKind::input, "{}: broken JSON: nested deeper than {} levels", name_, kDeepestJson);
    }
    open_.emplace_back();
  }

  const std::string& name_;
  std::vector<std::set<std::string>> open_;  // the keys so far of every open object; none for a list
};

template <typename Json>
Json parse(std::string_view text, const std::string& name) {
  // The parser takes a NUL for the end.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    fail(ErrorKind::input, "{}: expected JSON, got a NUL byte on line {}", name,
         1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n'));
  }
  StrictEvents events(name);
  nlohmann::json::sax_parse(text, &events);
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
