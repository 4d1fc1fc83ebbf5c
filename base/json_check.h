#pragma once

#include <string>
#include <string_view>

namespace octet {

/// Error (input) unless `text` is one value as parse_json() takes it. The message says where and what:
///
///     report.json: line 2, column 6: expected a value, found "}"
///
/// Columns count bytes from 1. Grammar: RFC 8259.
void check_json(std::string_view text, const std::string& name);

}  // namespace octet
