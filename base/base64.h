#pragma once

#include <string>
#include <string_view>

namespace octet {

/// Bytes as text: four characters of A-Z, a-z, 0-9, + and / for every three of them, filled up with =. Source: RFC
/// 4648, section 4.
std::string base64_of(std::string_view bytes);

}  // namespace octet
