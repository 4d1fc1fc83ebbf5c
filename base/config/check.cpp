#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/config/describe.h"
#include "base/config/reader.h"
#include "base/shown_text.h"

namespace octet {
namespace {

/// The text of a value that breaks its rules, or nothing when it keeps them.
struct RuleBreaker {
  const FieldRules& rules;

  template <typename T>
  std::optional<std::string> operator()(const T* value) const {
    const std::string text = scalar_text(*value);
    return allowed(*value) && is_choice(text) ? std::nullopt : std::optional(text);
  }
  std::optional<std::string> operator()(const std::string* value) const {
    const bool broken = (rules.not_empty && value->empty()) || !is_choice(*value);
    return broken ? std::optional(fmt::format("\"{}\"", excerpt(*value))) : std::nullopt;
  }
  std::optional<std::string> operator()(const ListRef& list) const {
    const bool broken = rules.not_empty && list.size(list.list) == 0;
    return broken ? std::optional<std::string>("[]") : std::nullopt;
  }
  std::optional<std::string> operator()(const EnumRef&) const { return std::nullopt; }
  std::optional<std::string> operator()(const StructRef&) const { return std::nullopt; }
  std::optional<std::string> operator()(const OptionalRef&) const { return std::nullopt; }

 private:
  bool allowed(bool) const { return true; }
  template <typename T>
  bool allowed(T value) const {
    // long double holds every 64-bit integer exactly.
    const auto number = static_cast<long double>(value);
    if (!std::isfinite(number)) return rules.allow_nonfinite;
    const bool above = rules.above_minimum ? number > rules.minimum : number >= rules.minimum;
    return above && number <= rules.maximum;
  }

  bool is_choice(const std::string& text) const {
    return rules.choices.empty() || std::find(rules.choices.begin(), rules.choices.end(), text) != rules.choices.end();
  }
};

}  // namespace

void ConfigReader::check(bool all_given) {
  report_.reset_source();
  check_struct(root_, "", !all_given);
}

void ConfigReader::check_struct(const StructRef& target, const std::string& path, bool given) {
  // Where a list or a text stood in place of the map, that is the problem, not the keys it lacks.
  if (report_.has_problem_at(path)) return;
  for (const FieldRef& field : target.fields(target.object)) {
    const std::string field_path = join_path(path, field.name);
    if (given && field.rules.required && !report_.was_given(field_path)) {
      report_.add(field_path, fmt::format("required key is missing, expected {}", describe(field.value, field.rules)));
    } else {
      check_value(field.value, field.rules, field_path, given);
    }
  }
  if (target.validate == nullptr || report_.has_problem_inside(path)) return;
  Problems problems;
  target.validate(target.object, problems);
  for (const Problem& problem : problems.list()) {
    report_.add(join_path(path, problem.path), problem.message);
  }
}

void ConfigReader::check_value(const ValueRef& value, const FieldRules& rules, const std::string& path, bool given) {
  if (const auto got = std::visit(RuleBreaker{rules}, value.target)) {
    if (!report_.has_problem_inside(path)) {
      report_.add(path, fmt::format("expected {}, got {}", describe(value, rules), *got));
    }
  }
  if (const auto* target = std::get_if<StructRef>(&value.target)) {
    check_struct(*target, path, given);
  } else if (const auto* list = std::get_if<ListRef>(&value.target)) {
    // Elements of a default list were written in C++; nothing in them is missing.
    const bool list_given = given && report_.was_given(path);
    for (std::size_t i = 0; i < list->size(list->list); ++i) {
      check_value(list->at(list->list, i), rules, join_path(path, std::to_string(i)), list_given);
    }
  } else if (const auto* optional = std::get_if<OptionalRef>(&value.target)) {
    if (!optional->has_value(optional->optional)) return;
    check_value(optional->get(optional->optional), rules, path, given && report_.was_given(path));
  }
}

}  // namespace octet
