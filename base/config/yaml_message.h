#pragma once

#include <string>
#include <string_view>

namespace octet {

/// What the YAML parser calls a mistake ("illegal map value"), as a sentence for who wrote the file. A mistake that is
/// not known here becomes "this is no YAML": none of the parser's words reach anyone.
std::string yaml_message(std::string_view parser_message);

}  // namespace octet
