#pragma once

#include <string>

#include "base/config/node.h"

namespace octet {

/// Reads one YAML document; an empty one is null. `name` stands in messages. Aliases are expanded.
/// Duplicate keys are kept for the reader to report. Throws ErrorKind::config for syntax errors, a
/// second document, tags, directives, keys that are not plain names, an anchor given twice, a quote
/// that is not closed, tabs as indentation, bytes that are not UTF-8 text, nesting deeper than 64,
/// and aliases that expand to more than 100,000 values or 16 MiB of text.
ConfigNode parse_yaml(const std::string& text, const std::string& name);

/// Writes a map in block style; lists of scalars stand on one line. Ends with a newline.
std::string write_yaml(const ConfigNode& node);

}  // namespace octet
