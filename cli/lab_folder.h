#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/config_source.h"

// Labs make several runs in folders of their own below that of the lab, which is itself no run.

namespace octet {

/// The kinds of labs, as messages call them.
inline constexpr const char* kEntropyLab = "an entropy lab";
inline constexpr const char* kNaturalLab = "a lab of natural outliers";

/// kEntropyLab or kNaturalLab; empty where the configuration is that of a run.
std::string lab_kind(const ConfigSource& source);

/// The same of the config.yaml in a folder; empty where there is none.
std::string lab_kind_of_folder(const std::filesystem::path& folder);

/// The folders of runs directly below `folder`, by name.
std::vector<std::string> runs_below(const std::filesystem::path& folder);

/// Error (config) where the folder has the config.yaml of something else than this `kind` of lab.
void check_lab_folder(const std::filesystem::path& folder, const std::string& kind);

/// Error (config) where `source` is a lab: says which, which verbs take it, and for a folder the runs that the other
/// verbs take.
void refuse_lab(const ConfigSource& source);

}  // namespace octet
