#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/config/problems.h"
#include "base/config/rules.h"

namespace octet {

/// The names of an enum, for configurations, reports and the command line. Specialise it beside the
/// enum:
///
///     template <>
///     inline constexpr auto enum_names<Architecture> = std::to_array<EnumName<Architecture>>(
///         {{Architecture::gpt2, "gpt2"}, {Architecture::llama, "llama"}});
template <typename E>
inline constexpr std::nullptr_t enum_names = nullptr;

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

template <typename E>
concept NamedEnum = std::is_enum_v<E> && !std::is_same_v<decltype(enum_names<E>), const std::nullptr_t>;

template <NamedEnum E>
constexpr std::string_view enum_name(E value) {
  for (const auto& entry : enum_names<E>) {
    if (entry.value == value) return entry.name;
  }
  return "(unnamed)";
}

template <NamedEnum E>
constexpr std::optional<E> enum_from_name(std::string_view name) {
  for (const auto& entry : enum_names<E>) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

// visit() turns a struct into a list of FieldRef: names, rules and references to the members with
// their C++ types erased. Readers, writers and comparisons are then ordinary functions over that
// list.

struct ValueRef;
struct FieldRef;

struct EnumRef {
  void* value;
  std::vector<std::string> names;
  std::string (*get)(const void* value);
  bool (*set)(void* value, std::string_view name);  ///< false when no value has that name
};

struct StructRef {
  void* object;
  std::vector<FieldRef> (*fields)(void* object);
  void (*validate)(const void* object,
                   Problems& problems);  ///< null when the struct has no validate()
};

struct ListRef {
  void* list;
  std::size_t (*size)(const void* list);
  void (*resize)(void* list, std::size_t size);
  ValueRef (*at)(void* list, std::size_t index);
};

struct OptionalRef {
  void* optional;
  bool (*has_value)(const void* optional);
  void (*reset)(void* optional);
  ValueRef (*get)(void* optional);  ///< fills an empty optional with the default value first
  bool structured;                  ///< holds a struct or a list
};

/// A reference to one value of a type that configurations know.
struct ValueRef {
  std::variant<bool*, std::int32_t*, std::int64_t*, std::uint64_t*, float*, double*, std::string*, EnumRef, StructRef,
               ListRef, OptionalRef>
      target;
};

struct FieldRef {
  std::string name;
  ValueRef value;
  FieldRules rules;
};

class FieldList;

/// Structs and lists, as opposed to texts, numbers, truth values and enums.
template <typename T>
inline constexpr bool kIsStructured = std::is_class_v<T> && !std::is_same_v<T, std::string>;

template <typename T>
concept ConfigStruct = std::default_initializable<T> && requires(T& object, FieldList& fields) {
  object.visit(fields);
};

template <typename T>
concept HasValidate = requires(const T& object, Problems& problems) {
  object.validate(problems);
};

template <typename T>
ValueRef ref_to(T& value);
template <typename T>
ValueRef ref_to(std::vector<T>& list);
template <typename T>
ValueRef ref_to(std::optional<T>& optional);

/// The visitor that every visit() gets.
class FieldList {
 public:
  template <typename T, typename... Rules>
  void operator()(std::string name, T& member, const Rules&... rules) {
    FieldRules merged;
    (rules(merged), ...);
    fields_.push_back({std::move(name), ref_to(member), std::move(merged)});
  }

  std::vector<FieldRef> take() { return std::move(fields_); }

 private:
  std::vector<FieldRef> fields_;
};

template <ConfigStruct T>
StructRef ref_to_struct(T& object) {
  StructRef ref{&object,
                [](void* erased) {
                  FieldList fields;
                  static_cast<T*>(erased)->visit(fields);
                  return fields.take();
                },
                nullptr};
  if constexpr (HasValidate<T>) {
    ref.validate = [](const void* erased, Problems& problems) { static_cast<const T*>(erased)->validate(problems); };
  }
  return ref;
}

template <NamedEnum E>
EnumRef ref_to_enum(E& value) {
  EnumRef ref{&value,
              {},
              [](const void* erased) { return std::string(enum_name(*static_cast<const E*>(erased))); },
              [](void* erased, std::string_view name) {
                const std::optional<E> found = enum_from_name<E>(name);
                if (found) *static_cast<E*>(erased) = *found;
                return found.has_value();
              }};
  for (const auto& entry : enum_names<E>) ref.names.emplace_back(entry.name);
  return ref;
}

template <typename T>
ValueRef ref_to(T& value) {
  if constexpr (std::is_enum_v<T>) {
    static_assert(NamedEnum<T>, "specialise octet::enum_names for this enum");
    return {ref_to_enum(value)};
  } else if constexpr (kIsStructured<T>) {
    static_assert(ConfigStruct<T>, "a configuration struct needs visit() and a default constructor");
    return {ref_to_struct(value)};
  } else {
    return {&value};
  }
}

template <typename T>
ValueRef ref_to(std::vector<T>& list) {
  static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements to refer to");
  using List = std::vector<T>;
  return {ListRef{&list, [](const void* erased) { return static_cast<const List*>(erased)->size(); },
                  [](void* erased, std::size_t size) { static_cast<List*>(erased)->resize(size); },
                  [](void* erased, std::size_t index) { return ref_to((*static_cast<List*>(erased))[index]); }}};
}

template <typename T>
ValueRef ref_to(std::optional<T>& optional) {
  using Optional = std::optional<T>;
  return {OptionalRef{&optional, [](const void* erased) { return static_cast<const Optional*>(erased)->has_value(); },
                      [](void* erased) { static_cast<Optional*>(erased)->reset(); },
                      [](void* erased) {
                        Optional& target = *static_cast<Optional*>(erased);
                        if (!target) target.emplace();
                        return ref_to(*target);
                      },
                      kIsStructured<T>}};
}

}  // namespace octet
