#pragma once

#include <string>
#include <vector>

#include "base/config/field.h"
#include "base/config/node.h"
#include "base/config/report.h"

namespace octet {

/// Fills the members behind `root` from a tree, then from overrides, then checks the outcome. Every
/// step adds its problems to one report, which `finish` throws.
///
/// A map in the tree changes only the keys it names, a list replaces the whole list, null empties
/// an optional.
class ConfigReader {
 public:
  ConfigReader(StructRef root, std::string source) : root_(root), report_(std::move(source)) {}

  void read(const ConfigNode& tree);
  /// `path.to.key=value`. Texts and enum names are taken as they stand; lists and maps are YAML.
  void override_with(const std::string& assignment);
  /// Applies the rules of every field and the validate() of every struct without earlier problems.
  /// `required()` keys must have been given unless `all_given`.
  void check(bool all_given);
  void finish() const { report_.throw_if_any(); }

 private:
  void read_value(const ConfigNode& node, const ValueRef& value, const FieldRules& rules, const std::string& path);
  void read_struct(const ConfigNode& node, const StructRef& target, const std::string& path);
  void read_list(const ConfigNode& node, const ListRef& target, const FieldRules& rules, const std::string& path);
  void refuse(const ConfigNode& node, const ValueRef& value, const FieldRules& rules, const std::string& path,
              const std::string& hint = "");

  void check_value(const ValueRef& value, const FieldRules& rules, const std::string& path, bool given);
  void check_struct(const StructRef& target, const std::string& path, bool given);

  StructRef root_;
  ConfigReport report_;
};

}  // namespace octet
