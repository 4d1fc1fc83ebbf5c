#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/config/field.h"

namespace octet {

// Configurations are plain structs. Each lists its members once, in visit(); everything below works
// on that list:
//
//     struct ModelConfig {
//       int64_t layers = 4;
//       double dropout = 0;
//       Architecture arch = Architecture::llama;  // names: see enum_names
//
//       template <class V>
//       void visit(V& v) {
//         v("layers", layers, at_least(1));
//         v("dropout", dropout, in_range(0, 1));
//         v("arch", arch);
//       }
//       void validate(Problems& problems) const;  // optional: rules between fields
//     };
//
// Members may be bool, int32_t, int64_t, uint64_t, float, double, std::string, an enum with
// enum_names, another such struct, and std::vector or std::optional of these. Rules: at_least,
// at_most, in_range, positive, one_of, not_empty, required, allow_nonfinite.
//
// Reading is strict. Unknown, duplicate and missing keys, wrong types, values out of range and
// failed validate() rules of the text and of the overrides are reported together in one Error of
// ErrorKind::config, one problem a line:
//
//     configs/demo.yaml:12: model.layrs: unknown key, did you mean "layers"? (known: layers, dropout, arch)
//     configs/demo.yaml:14: model.dropout: expected a number from 0 to 1, got "abc"
//
// In use:
//
//     auto config = read_config<ModelConfig>("configs/demo.yaml", {"layers=6"});
//     config.dropout = 2;
//     override_and_check(config, "config");  // throws: config: dropout: expected a number from 0 to 1, got 2

namespace config_detail {

void read_file(const StructRef& root, const std::string& path, const std::vector<std::string>& overrides);
void read_text(const StructRef& root, const std::string& text, const std::string& name,
               const std::vector<std::string>& overrides);
void read_json(const StructRef& root, const nlohmann::json& json, const std::string& name);
void read_input_json(const StructRef& root, const nlohmann::json& json, const std::string& name);
void override_and_check(const StructRef& root, const std::string& name, const std::vector<std::string>& overrides);
std::string write_yaml_text(const StructRef& root);
nlohmann::json write_json(const StructRef& root);
std::vector<std::string> differences(const StructRef& a, const StructRef& b);

/// visit() is not const, since readers use it too; the writers only read through the references.
template <ConfigStruct T>
StructRef readonly(const T& config) {
  return ref_to_struct(const_cast<T&>(config));
}

}  // namespace config_detail

/// Reads a YAML (or JSON) file over the defaults of T, then applies the overrides, each
/// `key.path=value`; elements of lists are counted from 0: `quantize.0.bits=4`. An empty file
/// leaves every default.
template <ConfigStruct T>
T read_config(const std::string& path, const std::vector<std::string>& overrides = {}) {
  T config;
  config_detail::read_file(ref_to_struct(config), path, overrides);
  return config;
}

/// The same for a text that is already in memory; `name` stands for the file in messages.
template <ConfigStruct T>
T parse_config(const std::string& text, const std::string& name, const std::vector<std::string>& overrides = {}) {
  T config;
  config_detail::read_text(ref_to_struct(config), text, name, overrides);
  return config;
}

/// Reads a parsed JSON object with the same rules.
template <ConfigStruct T>
T from_json(const nlohmann::json& json, const std::string& name) {
  T config;
  config_detail::read_json(ref_to_struct(config), json, name);
  return config;
}

/// The same for what stands in an input file: whatever is wrong is the file's fault, ErrorKind::input.
template <ConfigStruct T>
T from_input_json(const nlohmann::json& json, const std::string& name) {
  T config;
  config_detail::read_input_json(ref_to_struct(config), json, name);
  return config;
}

/// Checks a configuration that was built in C++, after applying overrides to it. On errors `config`
/// may be left partly changed.
template <ConfigStruct T>
void override_and_check(T& config, const std::string& name, const std::vector<std::string>& overrides = {}) {
  config_detail::override_and_check(ref_to_struct(config), name, overrides);
}

/// YAML text with every member, in the order of visit(); parse_config reads it back to an equal
/// value.
template <ConfigStruct T>
std::string to_yaml(const T& config) {
  return config_detail::write_yaml_text(config_detail::readonly(config));
}

/// Returns an nlohmann::json; callers include <nlohmann/json.hpp>, which this header does without.
template <ConfigStruct T>
auto to_json(const T& config) {
  return config_detail::write_json(config_detail::readonly(config));
}

/// One line for each value that differs, `model.layers: 4 -> 6`; empty when a and b are equal.
template <ConfigStruct T>
std::vector<std::string> differences(const T& a, const T& b) {
  return config_detail::differences(config_detail::readonly(a), config_detail::readonly(b));
}

}  // namespace octet
