#include "base/config/config.h"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "base/config/json.h"
#include "base/config/reader.h"
#include "base/config/yaml.h"
#include "base/error.h"
#include "base/files/read_file.h"

namespace octet {
namespace {

std::string read_config_text(const std::string& path) {
  // A configuration is small; a data file given in its place should not be parsed for minutes.
  constexpr std::uintmax_t kLargestFile = 4 << 20;
  std::error_code no_size;
  const std::uintmax_t size = std::filesystem::file_size(path, no_size);
  if (!no_size && size > kLargestFile) {
    fail(ErrorKind::config, "{}: larger than {} bytes, not a configuration", path, kLargestFile);
  }
  try {
    return read_text_stream(path);
  } catch (const Error& error) {
    throw Error(error.kind() == ErrorKind::input ? ErrorKind::config : error.kind(), error.what());
  }
}

void read_tree(const StructRef& root, const ConfigNode& tree, const std::string& name,
               const std::vector<std::string>& overrides) {
  ConfigReader reader(root, name);
  reader.read(tree);
  for (const std::string& assignment : overrides) reader.override_with(assignment);
  reader.check(false);
  reader.finish();
}

}  // namespace

namespace config_detail {

void read_file(const StructRef& root, const std::string& path, const std::vector<std::string>& overrides) {
  read_text(root, read_config_text(path), path, overrides);
}

void read_text(const StructRef& root, const std::string& text, const std::string& name,
               const std::vector<std::string>& overrides) {
  read_tree(root, parse_yaml(text, name), name, overrides);
}

void read_json(const StructRef& root, const nlohmann::json& json, const std::string& name) {
  read_tree(root, node_from_json(json, name), name, {});
}

void read_input_json(const StructRef& root, const nlohmann::json& json, const std::string& name) {
  try {
    read_json(root, json, name);
  } catch (const Error& error) {
    throw Error(ErrorKind::input, error.what());
  }
}

void override_and_check(const StructRef& root, const std::string& name, const std::vector<std::string>& overrides) {
  ConfigReader reader(root, name);
  for (const std::string& assignment : overrides) reader.override_with(assignment);
  reader.check(true);
  reader.finish();
}

}  // namespace config_detail
}  // namespace octet
