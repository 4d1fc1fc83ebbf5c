#pragma once

#include <string>
#include <string_view>

namespace octet {

/// The text in Unicode's normal form C: a letter and the marks on it, which can be written in several ways, become the
/// one way with the fewest characters. "e" and U+0301 become U+00E9.
///
/// Bytes that are not UTF-8 stay as they are, and each stretch of UTF-8 between them is normalized as if it stood
/// alone. (Characters that Unicode added after the version of the utf8proc in use stay as they are too.)
///
/// Source: Unicode Standard Annex #15, https://www.unicode.org/reports/tr15, section 1.2.
std::string normal_form_c(std::string_view text);

}  // namespace octet
