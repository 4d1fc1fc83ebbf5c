#include "base/config/describe.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "base/shown_text.h"

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

/// The path of the first member called `name` in `parent` or the structs inside it.
std::optional<std::string> find_path(const StructRef& parent, const std::string& name, const std::string& path) {
  for (const FieldRef& field : parent.fields(parent.object)) {
    const std::string field_path = join_path(path, field.name);
    if (field.name == name) return field_path;
    if (const auto* inner = std::get_if<StructRef>(&field.value.target)) {
      if (const auto found = find_path(*inner, name, field_path)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string describe(const ValueRef& value, const FieldRules& rules) {
  return std::visit(Describe{rules}, value.target);
}

std::string describe(const ConfigNode& node) {
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
  return fmt::format("{}\"{}\"", node.quoted ? "the quoted text " : "", excerpt(node.text));
}

std::string unknown_key(const std::string& key, const std::vector<FieldRef>& siblings, const StructRef& root) {
  std::vector<std::string> known;
  for (const FieldRef& field : siblings) known.push_back(field.name);
  std::optional<std::string> meant = nearest_name(key, known);
  if (!meant) meant = find_path(root, key, "");
  return fmt::format("unknown key{} (known: {})", meant ? fmt::format(", did you mean \"{}\"?", *meant) : "",
                     fmt::join(known, ", "));
}

}  // namespace octet
