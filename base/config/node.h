#pragma once

#include <string>
#include <utility>
#include <vector>

namespace octet {

/// A value of a configuration text before anyone knows what type it should have: the common form of
/// YAML and JSON.
struct ConfigNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string text;               ///< of a scalar
  bool quoted = false;            ///< of a scalar: surely a text, not a number or truth value
  std::vector<ConfigNode> items;  ///< of a list or a map
  std::string key;                ///< inside a map
  int line = 0;                   ///< 1-based line of the key, or of the value inside a list; 0 unknown

  static ConfigNode scalar(std::string text, bool quoted) {
    ConfigNode node;
    node.kind = Kind::scalar;
    node.text = std::move(text);
    node.quoted = quoted;
    return node;
  }
};

/// Deeper trees are refused when they are read, so that functions over trees may recurse.
inline constexpr std::size_t kDeepestConfig = 64;

/// `model` and `layers` give `model.layers`.
inline std::string join_path(const std::string& parent, const std::string& name) {
  if (parent.empty()) return name;
  return name.empty() ? parent : parent + "." + name;
}

}  // namespace octet
