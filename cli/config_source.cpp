#include "cli/config_source.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "base/config/yaml.h"
#include "base/error.h"
#include "base/files/read_file.h"
#include "cli/builtin_configs.h"
#include "cli/console.h"

namespace octet {
namespace fs = std::filesystem;

ConfigSource find_config_source(const std::string& name) {
  std::error_code ignored;
  const bool is_run = fs::exists(fs::path(name) / "config.yaml", ignored);
  const auto builtin = builtin_configs().find(name);
  return {name, is_run || builtin == builtin_configs().end() ? nullptr : &builtin->second, is_run};
}

void note_source(const CommonOptions& common, const ConfigSource& source) {
  std::error_code ignored;
  if (source.is_run && builtin_configs().contains(source.name)) {
    note(common, fmt::format("{0}: taken for the run folder ./{0}, not for the built-in configuration", source.name));
  }
  if (source.builtin != nullptr && fs::exists(source.name, ignored)) {
    note(common, fmt::format("{0}: taken for the built-in configuration; ./{0} names the file or folder", source.name));
  }
}

fs::path output_folder(const CommonOptions& common, const ConfigSource& source, const std::string& name) {
  if (!common.out.empty()) return common.out;
  return source.is_run ? fs::path(source.name) : fs::path("runs") / name;
}

namespace {

/// Whether the configuration is a map with this key. Pipes, which can be read once, and texts that are no YAML have
/// none.
bool has_key(const ConfigSource& source, std::string_view key) {
  constexpr std::uintmax_t kLargestFile = 4 << 20;  // as read_config() takes them
  try {
    std::error_code ignored;
    if (source.builtin == nullptr &&
        (!fs::is_regular_file(source.file(), ignored) || fs::file_size(source.file(), ignored) > kLargestFile)) {
      return false;
    }
    const std::string text = source.builtin != nullptr ? *source.builtin : read_text_file(source.file());
    const ConfigNode root = parse_yaml(text, source.name);
    return root.kind == ConfigNode::Kind::map &&
           std::any_of(root.items.begin(), root.items.end(), [&](const ConfigNode& item) { return item.key == key; });
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool is_entropy_lab(const ConfigSource& source) {
  return has_key(source, "sources");
}

bool is_natural_lab(const ConfigSource& source) {
  return has_key(source, "variants");
}

}  // namespace octet
