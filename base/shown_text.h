#pragma once

#include <string>
#include <string_view>

namespace octet {

// Names and texts that come from a configuration, a file or a model are shown on terminals and in pages, and become
// names of files. These functions stand at that border.

/// Whether a code point steers what shows it: a control character (C0, DEL, C1) other than a line feed or a tab, one
/// that changes the direction of what follows it (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), or one
/// that Unicode keeps out of texts and YAML does not give back (U+FDD0 to U+FDEF, the last two of each plane).
bool is_steering(char32_t code_point);

/// `text` as it may be shown: every character that is_steering() and every byte that is not UTF-8 becomes U+FFFD. So no
/// text can steer a terminal or turn a line around. HTML, Markdown and gnuplot escape what is left in their own way.
std::string shown_text(std::string_view text);

/// `text` as a message quotes it: shown on one line, and cut to a length that leaves the message readable.
std::string excerpt(std::string_view text);

/// What is wrong with `name` as the name of a run or a recipe, as it stands after "expected": "expected a name without
/// control characters"; empty where nothing is. Names are UTF-8 that shown_text() leaves as it is, on one line, of 1 to
/// kLongestName bytes that are not all blank.
std::string name_rule_broken(std::string_view name);
inline constexpr std::size_t kLongestName = 200;

/// A file name for `name`: `name` itself where that consists of ASCII letters, digits, '-' and '_' and is not too
/// long. Else every other run of bytes becomes one '_', and '-' with eight digits of the SHA-256 of `name` follows, so
/// that different names keep different files: "my int4" becomes "my_int4-6dc0c09b".
std::string file_name_for(std::string_view name);

}  // namespace octet
