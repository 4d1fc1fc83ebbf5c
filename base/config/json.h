#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/config/node.h"

namespace octet {

/// Non-finite numbers, which JSON lacks, become the texts ".nan", ".inf" and "-.inf".
nlohmann::json node_to_json(const ConfigNode& node);
/// Throws ErrorKind::config, naming `name`, for nesting deeper than kDeepestConfig.
ConfigNode node_from_json(const nlohmann::json& json, const std::string& name);

}  // namespace octet
