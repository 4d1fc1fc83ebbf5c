#include "base/config/reader.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/config/describe.h"
#include "base/error.h"
#include "base/utf8.h"

namespace octet {
namespace {

using Kind = ConfigNode::Kind;

/// Reads a scalar node into a member that is not a struct, list or optional.
struct ScalarReader {
  const ConfigNode& node;
  const FieldRules& rules;

  ScalarResult operator()(std::string* target) const {
    if (!is_valid_utf8(node.text)) return {false, "not UTF-8"};
    *target = node.text;
    return {true, ""};
  }
  ScalarResult operator()(const EnumRef& target) const {
    if (target.set(target.value, node.text)) return {true, ""};
    return {false, ""};
  }
  template <typename T>
  ScalarResult operator()(T* target) const {
    T read{};
    ScalarResult result = parse_scalar(node.text, read);
    if (!result.ok) return result;
    const bool nonfinite = std::is_floating_point_v<T> && !std::isfinite(static_cast<double>(read));
    // JSON can say .inf only as a text, so quotes are no reason to refuse it.
    if (nonfinite ? !rules.allow_nonfinite : node.quoted) return {false, ""};
    *target = read;
    return result;
  }
  ScalarResult operator()(const StructRef&) const { return {}; }
  ScalarResult operator()(const ListRef&) const { return {}; }
  ScalarResult operator()(const OptionalRef&) const { return {}; }
};

const FieldRef* find_field(const std::vector<FieldRef>& fields, const std::string& name) {
  for (const FieldRef& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace

void ConfigReader::read(const ConfigNode& tree) {
  read_value(tree, {root_}, {}, "");
}

void ConfigReader::read_value(const ConfigNode& node, const ValueRef& value, const FieldRules& rules,
                              const std::string& path) {
  report_.given(path, node.line);
  if (const auto* target = std::get_if<StructRef>(&value.target)) {
    // A key whose children are all commented out reads as null: everything keeps its default.
    if (node.kind == Kind::null) return;
    if (node.kind != Kind::map) return refuse(node, value, rules, path);
    read_struct(node, *target, path);
  } else if (const auto* list = std::get_if<ListRef>(&value.target)) {
    if (node.kind != Kind::list) {
      return refuse(node, value, rules, path, node.kind == Kind::null ? "write [] for an empty list" : "");
    }
    read_list(node, *list, rules, path);
  } else if (const auto* optional = std::get_if<OptionalRef>(&value.target)) {
    if (node.kind == Kind::null) {
      optional->reset(optional->optional);
    } else {
      read_value(node, optional->get(optional->optional), rules, path);
    }
  } else {
    if (node.kind != Kind::scalar) return refuse(node, value, rules, path);
    const ScalarResult result = std::visit(ScalarReader{node, rules}, value.target);
    if (!result.ok) refuse(node, value, rules, path, result.hint);
  }
}

void ConfigReader::read_struct(const ConfigNode& node, const StructRef& target, const std::string& path) {
  const std::vector<FieldRef> fields = target.fields(target.object);
  std::map<std::string, int> line_of_key;
  for (const ConfigNode& item : node.items) {
    const std::string item_path = join_path(path, item.key);
    const FieldRef* field = find_field(fields, item.key);
    const auto [first, is_new] = line_of_key.emplace(item.key, item.line);
    if (!is_new) {
      report_.add(item_path, item.line, fmt::format("duplicate key, first given on line {}", first->second));
    } else if (item.key == "<<") {
      report_.add(item_path, item.line, "merge keys are not supported, write the keys out");
    } else if (field == nullptr) {
      report_.add(item_path, item.line, unknown_key(item.key, fields, root_));
    } else {
      read_value(item, field->value, field->rules, item_path);
    }
  }
}

void ConfigReader::read_list(const ConfigNode& node, const ListRef& target, const FieldRules& rules,
                             const std::string& path) {
  target.resize(target.list, 0);
  target.resize(target.list, node.items.size());
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    read_value(node.items[i], target.at(target.list, i), rules, join_path(path, std::to_string(i)));
  }
}

void ConfigReader::refuse(const ConfigNode& node, const ValueRef& value, const FieldRules& rules,
                          const std::string& path, const std::string& hint) {
  std::string message = fmt::format("expected {}, got {}", describe(value, rules), describe(node));
  if (!hint.empty()) message += fmt::format(" ({})", hint);
  report_.add(path, node.line, message);
}

}  // namespace octet
