#pragma once

#include <string>

#include "base/config/field.h"
#include "base/config/node.h"

namespace octet {

/// What a value may be, as it stands after "expected": "an integer of at least 1", "a number from 0
/// to 1".
std::string describe(const ValueRef& value, const FieldRules& rules);

/// What a node is, as it stands after "got": `"abc"`, `a list`, `nothing`.
std::string describe(const ConfigNode& node);

/// `unknown key, did you mean "layers"? (known: layers, width)`. A key that no sibling resembles but that
/// exists elsewhere below `root` is suggested with its whole path.
std::string unknown_key(const std::string& key, const std::vector<FieldRef>& siblings, const StructRef& root);

}  // namespace octet
