#pragma once

#include <string>
#include <string_view>

#include "base/config/field.h"

namespace octet {

// Records are what programs write and scripts read: report.json, metrics.jsonl, the results that --json prints. Like
// configurations they are structs that list their members once, in visit(), and here are their writer and their reader:
//
//     keys           stand in the order of visit()
//     numbers        NaN and infinities are null; null is read, as NaN, where allow_nonfinite() allows it
//     std::optional  empty is null, or no key at all where the field has an optional_key()
//     reading        every key must be there but an optional_key(), which keeps its default where it is missing; then
//                    validate(), where the struct has one. Of the rules of a field, one_of() counts too.
//
// Configurations are read in another way (base/config/config.h): from YAML too, over defaults, all problems at once.

/// What becomes of a key that a struct does not have.
enum class UnknownKeys { refused, ignored };

namespace record_detail {

std::string write(const ValueRef& value, int indent);
void read(const StructRef& root, std::string_view text, const std::string& name, UnknownKeys unknown);

}  // namespace record_detail

/// A struct or a list of structs as lines of JSON, indented by two spaces, with a line break at the end.
template <typename T>
std::string record_to_json(const T& record) {
  return record_detail::write(ref_to(const_cast<T&>(record)), 2) + "\n";  // visit() is not const; a writer only reads
}

/// The same in one line, without the line break. Numbers read back to the same bits.
template <typename T>
std::string record_to_json_line(const T& record) {
  return record_detail::write(ref_to(const_cast<T&>(record)), -1);
}

/// Reads what record_to_json() wrote; `name` stands for the file in messages. Error (input) naming file and key:
/// `runs/demo/report.json: models[1].nll: expected a number or null, got "low"`.
template <ConfigStruct T>
T record_from_json(std::string_view text, const std::string& name, UnknownKeys unknown = UnknownKeys::refused) {
  T record;
  record_detail::read(ref_to_struct(record), text, name, unknown);
  return record;
}

}  // namespace octet
