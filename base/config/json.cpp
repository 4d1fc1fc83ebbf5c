#include "base/config/json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace octet {

using Kind = ConfigNode::Kind;

nlohmann::json node_to_json(const ConfigNode& node) {
  switch (node.kind) {
    case Kind::null:
      return nullptr;
    case Kind::scalar: {
      if (node.quoted) return node.text;
      // Parsing the shortest text keeps 0.1f as 0.1; what JSON cannot say stays a text.
      nlohmann::json number = nlohmann::json::parse(node.text, nullptr, false);
      return number.is_discarded() ? nlohmann::json(node.text) : number;
    }
    case Kind::list: {
      nlohmann::json list = nlohmann::json::array();
      for (const ConfigNode& item : node.items) list.push_back(node_to_json(item));
      return list;
    }
    case Kind::map: {
      nlohmann::json map = nlohmann::json::object();
      for (const ConfigNode& item : node.items) map[item.key] = node_to_json(item);
      return map;
    }
  }
  return nullptr;
}

namespace {

ConfigNode convert(const nlohmann::json& json, const std::string& name, std::size_t depth) {
  if (depth > kDeepestConfig) fail(ErrorKind::config, "{}: nested deeper than {} levels", name, kDeepestConfig);
  ConfigNode node;
  if (json.is_object()) {
    node.kind = Kind::map;
    for (const auto& [key, value] : json.items()) {
      node.items.push_back(convert(value, name, depth + 1));
      node.items.back().key = key;
    }
  } else if (json.is_array()) {
    node.kind = Kind::list;
    for (const nlohmann::json& value : json) node.items.push_back(convert(value, name, depth + 1));
  } else if (json.is_string()) {
    node = ConfigNode::scalar(json.get<std::string>(), true);
  } else if (!json.is_null()) {
    node = ConfigNode::scalar(json.dump(), false);
  }
  return node;
}

}  // namespace

ConfigNode node_from_json(const nlohmann::json& json, const std::string& name) {
  return convert(json, name, 0);
}

}  // namespace octet
