#pragma once

#include <string>

namespace octet {

/// `text` with the letters A to Z as a to z, and everything else as it is.
std::string lower_case(std::string text);

}  // namespace octet
