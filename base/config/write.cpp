#include <map>
#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/yaml.h"

namespace octet {
namespace {

using Kind = ConfigNode::Kind;

ConfigNode to_node(const ValueRef& value);

struct NodeWriter {
  template <typename T>
  ConfigNode operator()(const T* value) const {
    return ConfigNode::scalar(scalar_text(*value), std::is_same_v<T, std::string>);
  }
  ConfigNode operator()(const EnumRef& value) const { return ConfigNode::scalar(value.get(value.value), true); }
  ConfigNode operator()(const StructRef& target) const {
    ConfigNode node;
    node.kind = Kind::map;
    for (const FieldRef& field : target.fields(target.object)) {
      node.items.push_back(to_node(field.value));
      node.items.back().key = field.name;
    }
    return node;
  }
  ConfigNode operator()(const ListRef& list) const {
    ConfigNode node;
    node.kind = Kind::list;
    for (std::size_t i = 0; i < list.size(list.list); ++i) {
      node.items.push_back(to_node(list.at(list.list, i)));
    }
    return node;
  }
  ConfigNode operator()(const OptionalRef& optional) const {
    return optional.has_value(optional.optional) ? to_node(optional.get(optional.optional)) : ConfigNode{};
  }
};

ConfigNode to_node(const ValueRef& value) {
  return std::visit(NodeWriter{}, value.target);
}

/// Every scalar, null and empty list of a tree as (dotted path, text), in order.
void flatten(const ConfigNode& node, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& leaves) {
  if (node.kind == Kind::null) leaves.emplace_back(path, "null");
  if (node.kind == Kind::scalar) leaves.emplace_back(path, node.text);
  if (node.kind == Kind::list && node.items.empty()) leaves.emplace_back(path, "[]");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string& key = node.items[i].key;
    flatten(node.items[i], join_path(path, node.kind == Kind::list ? std::to_string(i) : key), leaves);
  }
}

}  // namespace

namespace config_detail {

std::string write_yaml_text(const StructRef& root) {
  return write_yaml(to_node({root}));
}

nlohmann::json write_json(const StructRef& root) {
  return node_to_json(to_node({root}));
}

std::vector<std::string> differences(const StructRef& a, const StructRef& b) {
  std::vector<std::pair<std::string, std::string>> leaves_a, leaves_b;
  flatten(to_node({a}), "", leaves_a);
  flatten(to_node({b}), "", leaves_b);
  const std::map<std::string, std::string> map_a(leaves_a.begin(), leaves_a.end());
  const std::map<std::string, std::string> map_b(leaves_b.begin(), leaves_b.end());

  std::vector<std::string> lines;
  for (const auto& [path, text] : leaves_a) {
    const auto other = map_b.find(path);
    if (other == map_b.end()) {
      lines.push_back(fmt::format("{}: {} -> (absent)", path, text));
    } else if (other->second != text) {
      lines.push_back(fmt::format("{}: {} -> {}", path, text, other->second));
    }
  }
  for (const auto& [path, text] : leaves_b) {
    if (!map_a.contains(path)) lines.push_back(fmt::format("{}: (absent) -> {}", path, text));
  }
  return lines;
}

}  // namespace config_detail
}  // namespace octet
