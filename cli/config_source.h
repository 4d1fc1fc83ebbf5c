#pragma once

#include <filesystem>
#include <string>

#include "cli/arguments.h"

namespace octet {

/// What the first argument of a verb names: a built-in configuration, the folder of an earlier run, or a file.
struct ConfigSource {
  std::string name;
  const std::string* builtin = nullptr;  ///< the text of the configuration of that name
  bool is_run = false;                   ///< the folder of an earlier run

  /// The file that it is read from, where it is not built in.
  std::filesystem::path file() const {
    const std::filesystem::path path = name;
    return is_run ? path / "config.yaml" : path;
  }
};

/// The name of a built-in configuration means that one also where a file or folder is called so, unless the folder is
/// that of a run (it has a config.yaml).
ConfigSource find_config_source(const std::string& name);

/// Says on stderr which was taken where a name means two things.
void note_source(const CommonOptions& common, const ConfigSource& source);

/// The folder to write to: that of --out, else that of the earlier run, else runs/NAME.
std::filesystem::path output_folder(const CommonOptions& common, const ConfigSource& source, const std::string& name);

/// Whether it is the configuration of an entropy lab: a map with the key `sources` (cli/entropy_lab_config.h). Pipes,
/// which can be read once, and texts that are no YAML are none.
bool is_entropy_lab(const ConfigSource& source);

/// The same of a lab of natural outliers: a map with the key `variants` (cli/natural_lab_config.h).
bool is_natural_lab(const ConfigSource& source);

}  // namespace octet
