#include "base/config/keys.h"

#include <fmt/format.h>

#include "base/config/describe.h"
#include "base/config/problems.h"
#include "base/config/scalar.h"

namespace octet {
namespace {

void collect(const std::string& path, const ValueRef& value, const FieldRules& rules, std::vector<ConfigKey>& keys);

void collect(const std::string& path, const StructRef& object, std::vector<ConfigKey>& keys) {
  for (const FieldRef& field : object.fields(object.object)) {
    collect(join_path(path, field.name), field.value, field.rules, keys);
  }
}

/// The default of a scalar or of a list of them.
std::string text_of(const ValueRef& value);

struct TextOf {
  template <typename T>
  std::string operator()(const T* value) const {
    return scalar_text(*value);
  }
  std::string operator()(const std::string* value) const { return value->empty() ? "\"\"" : *value; }
  std::string operator()(const EnumRef& value) const { return value.get(value.value); }
  std::string operator()(const StructRef&) const { return "{...}"; }
  std::string operator()(const ListRef& list) const {
    std::string text;
    for (std::size_t i = 0; i < list.size(list.list); ++i) {
      text += (i == 0 ? "" : ", ") + text_of(list.at(list.list, i));
    }
    return "[" + text + "]";
  }
  std::string operator()(const OptionalRef& optional) const {
    return optional.has_value(optional.optional) ? text_of(optional.get(optional.optional)) : "null";
  }
};

std::string text_of(const ValueRef& value) {
  return std::visit(TextOf{}, value.target);
}

/// Fills lists and optionals of the object to see what they hold; it is a default one that nobody else has.
struct Collect {
  const std::string& path;
  const ValueRef& value;
  const FieldRules& rules;
  std::vector<ConfigKey>& keys;

  void operator()(const StructRef& object) const { collect(path, object, keys); }
  void operator()(const ListRef& list) const {
    const std::string fallback = text_of(value), what = describe(value, rules);
    list.resize(list.list, 1);
    const ValueRef element = list.at(list.list, 0);
    if (std::holds_alternative<StructRef>(element.target)) {
      keys.push_back({path, fallback, what + " of maps with the keys below"});
      collect(path + "[]", std::get<StructRef>(element.target), keys);
    } else {
      FieldRules of_element = rules;
      of_element.not_empty = false;
      keys.push_back({path, fallback, what + ", each " + describe(element, of_element)});
    }
  }
  void operator()(const OptionalRef& optional) const {
    const std::string fallback = text_of(value);
    const ValueRef inner = optional.get(optional.optional);
    if (std::holds_alternative<StructRef>(inner.target)) {
      keys.push_back({path, fallback, "null or a map with the keys below"});
      collect(path, std::get<StructRef>(inner.target), keys);
    } else {
      keys.push_back({path, fallback, describe(inner, rules) + " or null"});
    }
  }
  template <typename Scalar>
  void operator()(const Scalar&) const {
    const std::string fallback = text_of(value);
    const bool must_be_given = rules.required || (rules.not_empty && fallback == "\"\"");
    keys.push_back({path, must_be_given ? "" : fallback, describe(value, rules)});
  }
};

void collect(const std::string& path, const ValueRef& value, const FieldRules& rules, std::vector<ConfigKey>& keys) {
  std::visit(Collect{path, value, rules, keys}, value.target);
}

}  // namespace

namespace config_detail {

std::vector<ConfigKey> keys(const StructRef& root) {
  std::vector<ConfigKey> found;
  collect("", root, found);
  return found;
}

}  // namespace config_detail
}  // namespace octet
