#include "base/json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/files/read_file.h"
#include "base/shown_text.h"
#include "eval/report/report.h"

namespace octet {

namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json to_ordered_json(const T& value);
template <typename T>
Json to_ordered_json(const std::vector<T>& values);

/// visit() is not const since the reader uses it too; this visitor only reads.
struct Writer {
  Json object = Json::object();

  template <typename T>
  void operator()(const char* key, const T& member) {
    object[key] = to_ordered_json(member);
  }
  template <typename T>
  void operator()(const char* key, const T& member, AddedLater) {
    (*this)(key, member);
  }
};

template <typename T>
Json to_ordered_json(const T& value) {
  if constexpr (std::is_same_v<T, double>) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_integral_v<T>) {
    return value;
  } else {
    Writer writer;
    const_cast<T&>(value).visit(writer);
    return writer.object;
  }
}

template <typename T>
Json to_ordered_json(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(to_ordered_json(value));
  return list;
}

/// A place in a file, for messages: `runs/demo/report.json: models[1].nll`.
struct Place {
  std::string file, path;

  Place child(const std::string& key) const { return {file, path.empty() ? key : path + "." + key}; }
  Place element(std::size_t index) const { return {file, path + "[" + std::to_string(index) + "]"}; }
  [[noreturn]] void refuse(const std::string& expected, const Json& found) const {
    const std::string text = json_text(found);
    fail(ErrorKind::input, "{}: {}: expected {}, got {}", file, path.empty() ? "report" : path, expected,
         text.size() <= 60 ? text : text.substr(0, 57) + "...");
  }
};

template <typename T>
void read_value(const Json& json, const Place& place, T& value);
template <typename T>
void read_value(const Json& json, const Place& place, std::vector<T>& list);

struct Reader {
  const Json& object;
  const Place& place;
  std::set<std::string> known = {};

  template <typename T>
  void operator()(const char* key, T& member) {
    known.insert(key);
    const auto found = object.find(key);
    if (found == object.end()) fail(ErrorKind::input, "{}: {}: missing", place.file, place.child(key).path);
    read_value(*found, place.child(key), member);
  }
  template <typename T>
  void operator()(const char* key, T& member, AddedLater) {
    known.insert(key);
    if (object.contains(key)) (*this)(key, member);
  }
};

template <typename T>
void read_value(const Json& json, const Place& place, std::vector<T>& list) {
  if (!json.is_array()) place.refuse("a list", json);
  list.resize(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) read_value(json[i], place.element(i), list[i]);
}

template <typename T>
void read_value(const Json& json, const Place& place, T& value) {
  if constexpr (std::is_same_v<T, double>) {
    if (!json.is_number() && !json.is_null()) place.refuse("a number or null", json);
    value = json.is_null() ? kNotMeasured : json.get<double>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) place.refuse("a text", json);
    value = json.get<std::string>();
  } else if constexpr (std::is_integral_v<T>) {
    // A number beyond the type would be read as another one.
    const bool fits = json.is_number_unsigned()
                          ? std::in_range<T>(json.get<std::uint64_t>())
                          : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
    if (!fits) place.refuse("an integer", json);
    value = json.get<T>();
  } else {
    if (!json.is_object()) place.refuse("an object", json);
    Reader reader{json, place};
    value.visit(reader);
    for (const auto& [key, unused] : json.items()) {
      if (!reader.known.contains(key)) {
        fail(ErrorKind::input, "{}: {}: unknown key", place.file, place.child(key).path);
      }
    }
  }
}

}  // namespace

std::string report_to_json(const Report& report) {
  // Samples of a byte-level tokenizer may hold broken UTF-8, which JSON cannot.
  return json_text(to_ordered_json(report), 2) + "\n";
}

Report report_from_json(const std::string& text, const std::string& file_name) {
  const Json json = parse_ordered_json(text, file_name);
  const Place root{file_name, ""};
  if (!json.is_object()) root.refuse("an object", json);
  if (json.contains("version") && json["version"] != Report::kVersion) {
    root.child("version").refuse(std::to_string(Report::kVersion), json["version"]);
  }
  Report report;
  read_value(json, root, report);
  for (const Chart& chart : report.charts) {
    if (file_name_for(chart.name) != chart.name) {
      root.child("charts").refuse("names of files in charts/ (letters, digits, '-' and '_')", chart.name);
    }
  }
  return report;
}

Report read_report(const std::filesystem::path& path) {
  return report_from_json(read_text_file(path), path.string());
}

}  // namespace octet
