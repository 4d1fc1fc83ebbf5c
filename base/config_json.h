#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/config_node.h"

namespace octet {

/// Non-finite numbers, which JSON lacks, become the texts ".nan", ".inf" and "-.inf".
nlohmann::json node_to_json(const ConfigNode& node);
ConfigNode node_from_json(const nlohmann::json& json);

}  // namespace octet
