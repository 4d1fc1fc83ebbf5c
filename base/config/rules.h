#pragma once

#include <limits>
#include <string>
#include <vector>

#include "base/config/scalar.h"

namespace octet {

/// What a field accepts beyond its type. Rules about numbers and choices hold for each element of a
/// list and for the value of an optional that has one.
struct FieldRules {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool above_minimum = false;        ///< the minimum itself is refused
  bool allow_nonfinite = false;      ///< a number may be .nan or .inf
  bool not_empty = false;            ///< of a list or a text
  bool required = false;             ///< the key must be given
  bool optional_key = false;         ///< of a record: the key may be missing
  std::vector<std::string> choices;  ///< texts of the only values accepted; empty means any
};

// The rules that stand behind a field in visit(): v("layers", layers, at_least(1)).

inline auto at_least(double limit) {
  return [limit](FieldRules& rules) { rules.minimum = limit; };
}
inline auto at_most(double limit) {
  return [limit](FieldRules& rules) { rules.maximum = limit; };
}
inline auto in_range(double low, double high) {
  return [low, high](FieldRules& rules) {
    rules.minimum = low;
    rules.maximum = high;
  };
}
inline auto positive() {
  return [](FieldRules& rules) {
    rules.minimum = 0;
    rules.above_minimum = true;
  };
}
inline auto allow_nonfinite() {
  return [](FieldRules& rules) { rules.allow_nonfinite = true; };
}
inline auto not_empty() {
  return [](FieldRules& rules) { rules.not_empty = true; };
}
inline auto required() {
  return [](FieldRules& rules) { rules.required = true; };
}
/// For records (base/config/record.h), where else every key must be there: one that older files lack, or that an empty
/// std::optional does not write.
inline auto optional_key() {
  return [](FieldRules& rules) { rules.optional_key = true; };
}
/// one_of(2, 4, 8) for numbers, one_of("byte", "bpe") for texts.
template <typename... Values>
auto one_of(const Values&... values) {
  return [choices = std::vector<std::string>{scalar_text(values)...}](FieldRules& rules) { rules.choices = choices; };
}

}  // namespace octet
