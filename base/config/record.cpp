#include "base/config/record.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace octet {
namespace {

using Json = nlohmann::ordered_json;

Json to_ordered_json(const ValueRef& value);

struct Writer {
  template <typename T>
  Json operator()(const T* value) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::isfinite(*value) ? Json(*value) : Json();
    } else {
      return *value;
    }
  }
  Json operator()(const EnumRef& value) const { return value.get(value.value); }
  Json operator()(const StructRef& record) const {
    Json object = Json::object();
    for (const FieldRef& field : record.fields(record.object)) {
      const auto* optional = std::get_if<OptionalRef>(&field.value.target);
      const bool empty = optional != nullptr && !optional->has_value(optional->optional);
      if (!empty || !field.rules.optional_key) object[field.name] = to_ordered_json(field.value);
    }
    return object;
  }
  Json operator()(const ListRef& list) const {
    Json elements = Json::array();
    for (std::size_t i = 0; i < list.size(list.list); ++i) elements.push_back(to_ordered_json(list.at(list.list, i)));
    return elements;
  }
  Json operator()(const OptionalRef& optional) const {
    return optional.has_value(optional.optional) ? to_ordered_json(optional.get(optional.optional)) : Json();
  }
};

Json to_ordered_json(const ValueRef& value) {
  return std::visit(Writer{}, value.target);
}

/// Where a record is being read: `runs/demo/report.json`, `models[1].nll`.
struct Place {
  const std::string& file;
  UnknownKeys unknown;
  std::string path = {};

  Place child(const std::string& key) const { return {file, unknown, path.empty() ? key : path + "." + key}; }
  Place element(std::size_t index) const { return {file, unknown, path + "[" + std::to_string(index) + "]"}; }

  [[noreturn]] void refuse(const std::string& message) const {
    fail(ErrorKind::input, "{}: {}{}", file, path.empty() ? "" : path + ": ", message);
  }
  [[noreturn]] void refuse(const std::string& expected, const Json& found) const {
    const std::string text = json_text(found);
    refuse(fmt::format("expected {}, got {}", expected, text.size() <= 60 ? text : text.substr(0, 57) + "..."));
  }
};

void read_value(const Json& json, const ValueRef& value, const FieldRules& rules, const Place& place);

/// Reads a JSON value into a member of the type that it is called with.
struct Reader {
  const Json& json;
  const FieldRules& rules;
  const Place& place;

  void operator()(bool* value) const {
    if (!json.is_boolean()) place.refuse("true or false", json);
    *value = json.get<bool>();
  }
  template <typename T>
  void operator()(T* value) const {
    check_choice(rules.choices);
    if constexpr (std::is_floating_point_v<T>) {
      const bool unknown = json.is_null() && rules.allow_nonfinite;
      if (!json.is_number() && !unknown) place.refuse(rules.allow_nonfinite ? "a number or null" : "a number", json);
      *value = unknown ? std::numeric_limits<T>::quiet_NaN() : json.get<T>();
    } else {
      // A number beyond the type would be read as another one.
      const bool fits = json.is_number_unsigned()
                            ? std::in_range<T>(json.get<std::uint64_t>())
                            : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
      if (!fits) place.refuse("an integer", json);
      *value = json.get<T>();
    }
  }
  void operator()(std::string* value) const {
    check_choice(rules.choices);
    if (!json.is_string()) place.refuse("a text", json);
    *value = json.get<std::string>();
  }
  void operator()(const EnumRef& value) const {
    if (!json.is_string()) place.refuse("a text", json);
    check_choice(value.names);
    value.set(value.value, json.get<std::string>());
  }
  void operator()(const ListRef& list) const {
    if (!json.is_array()) place.refuse("a list", json);
    list.resize(list.list, json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
      read_value(json[i], list.at(list.list, i), rules, place.element(i));
    }
  }
  void operator()(const OptionalRef& optional) const {
    if (json.is_null()) {
      optional.reset(optional.optional);
    } else {
      read_value(json, optional.get(optional.optional), rules, place);
    }
  }
  void operator()(const StructRef& record) const {
    if (!json.is_object()) place.refuse("an object", json);
    const std::vector<FieldRef> fields = record.fields(record.object);
    for (const FieldRef& field : fields) {
      const auto found = json.find(field.name);
      if (found != json.end()) {
        read_value(*found, field.value, field.rules, place.child(field.name));
      } else if (!field.rules.optional_key) {
        place.child(field.name).refuse("missing");
      }
    }
    if (place.unknown == UnknownKeys::refused) refuse_unknown_keys(fields);
    if (record.validate != nullptr) validate(record);
  }

 private:
  /// Nothing to choose from means that any value will do.
  void check_choice(const std::vector<std::string>& choices) const {
    if (choices.empty()) return;
    const std::string text = json.is_string() ? json.get<std::string>() : json_text(json);
    std::string known;
    for (const std::string& choice : choices) {
      if (choice == text) return;
      known += (known.empty() ? "" : " or ") + choice;
    }
    place.refuse(known, json);
  }
  void refuse_unknown_keys(const std::vector<FieldRef>& fields) const {
    for (const auto& [key, unused] : json.items()) {
      const bool known =
          std::any_of(fields.begin(), fields.end(), [&key = key](const FieldRef& field) { return field.name == key; });
      if (!known) place.child(key).refuse("unknown key");
    }
  }
  void validate(const StructRef& record) const {
    Problems problems;
    record.validate(record.object, problems);
    if (problems.list().empty()) return;
    const Problem& first = problems.list().front();
    (first.path.empty() ? place : place.child(first.path)).refuse(first.message);
  }
};

void read_value(const Json& json, const ValueRef& value, const FieldRules& rules, const Place& place) {
  std::visit(Reader{json, rules, place}, value.target);
}

}  // namespace

namespace record_detail {

std::string write(const ValueRef& value, int indent) {
  // Samples of a byte-level tokenizer may hold broken UTF-8, which JSON cannot.
  return json_text(to_ordered_json(value), indent);
}

void read(const StructRef& root, std::string_view text, const std::string& name, UnknownKeys unknown) {
  const Json json = parse_ordered_json(text, name);
  read_value(json, {root}, {}, {name, unknown});
}

}  // namespace record_detail
}  // namespace octet
