#include <charconv>
#include <optional>

#include "base/config/describe.h"
#include "base/config/reader.h"
#include "base/config/yaml.h"
#include "base/error.h"

namespace octet {
namespace {

/// Follows one part of a dotted path. Returns nothing and sets `problem` where it leads nowhere.
std::optional<FieldRef> step(const StructRef& root, const FieldRef& from, const std::string& part,
                             std::string& problem) {
  if (const auto* target = std::get_if<StructRef>(&from.value.target)) {
    const std::vector<FieldRef> fields = target->fields(target->object);
    for (const FieldRef& field : fields) {
      if (field.name == part) return field;
    }
    problem = unknown_key(part, fields, root);
  } else if (const auto* list = std::get_if<ListRef>(&from.value.target)) {
    const std::size_t size = list->size(list->list);
    std::size_t index = 0;
    const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
    if (result.ec == std::errc{} && result.ptr == part.data() + part.size() && index < size) {
      return FieldRef{part, list->at(list->list, index), from.rules};
    }
    problem = fmt::format("expected the index of one of {} elements, counted from 0", size);
  } else if (const auto* optional = std::get_if<OptionalRef>(&from.value.target)) {
    return step(root, {from.name, optional->get(optional->optional), from.rules}, part, problem);
  } else {
    problem = fmt::format("{} has no keys inside: it is {}", from.name, describe(from.value, from.rules));
  }
  return std::nullopt;
}

bool is_structured(const ValueRef& value) {
  if (const auto* optional = std::get_if<OptionalRef>(&value.target)) return optional->structured;
  return std::holds_alternative<StructRef>(value.target) || std::holds_alternative<ListRef>(value.target);
}

/// The value of an override, as a tree without lines. Texts are not YAML: `name=a: b #1` means all
/// of it.
ConfigNode override_value(const ValueRef& target, const std::string& text, const std::string& source) {
  const bool optional = std::holds_alternative<OptionalRef>(target.target);
  if (optional && (text == "null" || text == "~")) return {};
  if (!is_structured(target)) return ConfigNode::scalar(text, false);
  return parse_yaml(text, source);
}

void drop_lines(ConfigNode& node) {
  node.line = 0;
  for (ConfigNode& item : node.items) drop_lines(item);
}

}  // namespace

void ConfigReader::override_with(const std::string& assignment) {
  const std::string source = "override " + assignment;
  report_.set_source(source);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    report_.add_line(source + ": expected key.path=value");
    return;
  }

  const std::string path = assignment.substr(0, equals);
  FieldRef field{"", {root_}, {}};
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    std::string problem;
    const std::optional<FieldRef> next = step(root_, field, path.substr(start, end - start), problem);
    if (!next) {
      report_.add(path.substr(0, end), 0, problem);
      return;
    }
    field = *next;
    start = end + 1;
  }

  try {
    ConfigNode value = override_value(field.value, assignment.substr(equals + 1), source);
    drop_lines(value);
    // A replaced list takes the origins of its old elements with it; a map changes only what it
    // names.
    if (value.kind == ConfigNode::Kind::list) report_.forget_inside(path);
    read_value(value, field.value, field.rules, path);
  } catch (const Error& error) {
    report_.add_line(error.what());
  }
}

}  // namespace octet
