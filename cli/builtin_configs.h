#pragma once

#include <map>
#include <string>
#include <vector>

namespace octet {

/// The files of configs/ by name without ending, compiled into the program so that it runs from any folder; and those
/// of configs/labs/, with "-lab" behind their name.
const std::map<std::string, std::string>& builtin_configs();

/// The files of configs/recipes/ in the same way.
const std::map<std::string, std::string>& builtin_recipes();

/// The names of the configurations.
std::vector<std::string> names_of_configs();

}  // namespace octet
