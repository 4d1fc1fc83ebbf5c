#include "base/config_describe.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"

namespace octet {
namespace {

std::string range_text(const FieldRules& rules) {
  const bool low = std::isfinite(rules.minimum);
  const bool high = std::isfinite(rules.maximum);
  const std::string minimum = scalar_text(rules.minimum);
  const std::string maximum = scalar_text(rules.maximum);
  if (low && high) {
    return rules.above_minimum ? fmt::format(" above {} and up to {}", minimum, maximum)
                               : fmt::format(" from {} to {}", minimum, maximum);
  }
  if (low) return (rules.above_minimum ? " above " : " of at least ") + minimum;
  if (high) return " of at most " + maximum;
  return "";
}

std::string number_text(const char* noun, const FieldRules& rules) {
  if (!rules.choices.empty()) return fmt::format("one of {}", fmt::join(rules.choices, ", "));
  return noun + range_text(rules);
}

struct Describe {
  const FieldRules& rules;

  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(const std::int32_t*) const { return number_text("an integer", rules); }
  std::string operator()(const std::int64_t*) const { return number_text("an integer", rules); }
  std::string operator()(const std::uint64_t*) const {
    FieldRules natural = rules;
    if (natural.minimum < 0) natural.minimum = 0;
    return number_text("an integer", natural);
  }
  std::string operator()(const float*) const { return number_text("a number", rules); }
  std::string operator()(const double*) const { return number_text("a number", rules); }
  std::string operator()(const std::string*) const {
    if (!rules.choices.empty()) return fmt::format("one of {}", fmt::join(rules.choices, ", "));
    return rules.not_empty ? "a text that is not empty" : "a text";
  }
  std::string operator()(const EnumRef& value) const { return fmt::format("one of {}", fmt::join(value.names, ", ")); }
  std::string operator()(const StructRef&) const { return "a map of keys"; }
  std::string operator()(const ListRef&) const { return rules.not_empty ? "a list that is not empty" : "a list"; }
  std::string operator()(const OptionalRef& value) const {
    if (!value.has_value(value.optional)) return "a value or null";
    return describe(value.get(value.optional), rules) + " or null";
  }
};

}  // namespace

std::string describe(const ValueRef& value, const FieldRules& rules) {
  return std::visit(Describe{rules}, value.target);
}

std::string describe(const ConfigNode& node) {
  constexpr std::size_t kLongestText = 60;
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "nothing";
    case ConfigNode::Kind::list:
      return "a list";
    case ConfigNode::Kind::map:
      return "a map";
    case ConfigNode::Kind::scalar:
      break;
  }
  const bool cut = node.text.size() > kLongestText;
  return fmt::format("{}\"{}{}\"", node.quoted ? "the quoted text " : "", node.text.substr(0, kLongestText),
                     cut ? "..." : "");
}

std::string unknown_name(const std::string& what, const std::string& name, const std::vector<std::string>& known) {
  const std::optional<std::string> nearest = nearest_name(name, known);
  return fmt::format("unknown {}{} (known: {})", what, nearest ? fmt::format(", did you mean \"{}\"?", *nearest) : "",
                     fmt::join(known, ", "));
}

}  // namespace octet
