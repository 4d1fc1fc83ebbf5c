#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace octet {

/// A part of a YAML text in which indentation means nothing, as bytes [begin, end): in quotes, a block or brackets.
struct YamlSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Checks what yaml-cpp reads over silently, line by line: directives ("%..."), control characters, a byte order mark
/// within the text, a carriage return that ends no line. Error (config) with name and line. Called before parsing.
void check_yaml_lines(const std::string& text, const std::string& name);

/// The span of the scalar at byte `at`, behind an anchor that may stand there: from its opening quote to behind the
/// closing one; of a block scalar only the first byte; empty where the scalar is plain. Error (config) at the line of
/// the opening quote where the text ends before the closing one, and where text follows that without a space.
YamlSpan quoted_span(const std::string& text, std::size_t at, const std::string& name);

/// Error (config) for a line that is indented with a tab outside of `free_form`, which are in order: YAML readers
/// disagree about how deep that is.
void check_yaml_tabs(const std::string& text, const std::vector<YamlSpan>& free_form, const std::string& name);

}  // namespace octet
