#include "io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/json.h"
#include "base/shown_text.h"
#include "io/safetensors.h"

namespace octet {
namespace {

using json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

/// The dtypes that a Tensor can hold, in the order in which the reference writer stores them. BOOL, a byte of 0 or 1,
/// is only read.
constexpr std::array<std::pair<std::string_view, DType>, 8> kDTypes = {{{"I64", DType::i64},
                                                                        {"F32", DType::f32},
                                                                        {"I32", DType::i32},
                                                                        {"BF16", DType::bf16},
                                                                        {"F16", DType::f16},
                                                                        {"I8", DType::i8},
                                                                        {"U8", DType::u8},
                                                                        {"BOOL", DType::u8}}};

auto find_dtype(DType dtype) {
  return std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& row) { return row.second == dtype; });
}

/// Turns one header's JSON into entries; knows the file only to name it in errors.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view where) : where_(where) {}

  SafetensorsHeader parse(std::string_view text, std::uint64_t data_bytes) const {
    const json root = parse_object(text);
    SafetensorsHeader header;
    for (const auto& [name, value] : root.items()) {
      if (name == kMetadata) {
        header.metadata = metadata(value);
      } else {
        header.entries.push_back(entry(name, value));
      }
    }
    std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    check_coverage(header, data_bytes);
    return header;
  }

 private:
  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input, "{}: {}", where_, fmt::format(format, std::forward<Args>(args)...));
  }

  json parse_object(std::string_view text) const {
    if (!text.starts_with('{')) {
      refuse("expected a safetensors header that begins with {{");
    }
    // Of the white space that JSON allows at the end, the format allows spaces only.
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    if (!text.ends_with('}')) {
      refuse("expected a safetensors header that ends with }} and spaces");
    }
    return octet::parse_json(text, fmt::format("{}: safetensors header", where_));
  }

  std::map<std::string, std::string> metadata(const json& value) const {
    if (!value.is_object()) {
      refuse("expected __metadata__ to be an object, got {}", value.type_name());
    }
    std::map<std::string, std::string> result;
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) {
        refuse("expected metadata '{}' to be a string, got {}", excerpt(key), text.type_name());
      }
      result[key] = text.get<std::string>();
    }
    return result;
  }

  SafetensorsEntry entry(const std::string& name, const json& value) const {
    const auto field = [&](const char* key, bool (json::*is_type)() const noexcept, const char* type) -> const json& {
      const bool has = value.is_object() && value.contains(key);
      if (!has || !(value[key].*is_type)()) {
        refuse("tensor '{}': expected {} to be {}, got {}", name, key, type, has ? value[key].type_name() : "none");
      }
      return value[key];
    };
    SafetensorsEntry result;
    result.name = name;
    result.dtype = dtype(name, field("dtype", &json::is_string, "a string").get<std::string>());
    result.shape = shape(name, field("shape", &json::is_array, "a list"));
    const auto offsets = integers(name, "data_offsets", field("data_offsets", &json::is_array, "a list"));
    if (offsets.size() != 2 || offsets[0] > offsets[1]) {
      refuse("tensor '{}': expected data_offsets [begin, end], got [{}]", name, fmt::join(offsets, ", "));
    }
    result.begin = offsets[0];
    result.end = offsets[1];
    const auto bytes = static_cast<std::uint64_t>(result.shape.elements()) * size_of(result.dtype);
    if (result.end - result.begin != bytes) {
      refuse("tensor '{}': expected {} bytes for {} {}, got data_offsets [{}, {}]", name, bytes, name_of(result.dtype),
             result.shape, result.begin, result.end);
    }
    return result;
  }

  DType dtype(const std::string& name, const std::string& text) const {
    for (const auto& [known, dtype] : kDTypes) {
      if (known == text) {
        return dtype;
      }
    }
    refuse("tensor '{}': dtype {} is not supported (expected F32, F16, BF16, I64, I32, I8, U8 or BOOL)", name,
           json(text).dump());
  }

  Shape shape(const std::string& name, const json& value) const {
    const auto sizes = integers(name, "shape", value);
    if (sizes.size() > Shape::kMaxRank) {
      refuse("tensor '{}': expected at most {} dimensions, got {}", name, static_cast<int>(Shape::kMaxRank),
             sizes.size());
    }
    // Sizes of zero are left out, so that no partial product, in whatever order, can overflow later.
    constexpr std::uint64_t kLimit = std::numeric_limits<std::int64_t>::max() / 8;
    std::uint64_t product = 1;
    std::array<std::int64_t, Shape::kMaxRank> checked = {};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] > kLimit / product) {
        refuse("tensor '{}': shape [{}] is too large", name, fmt::join(sizes, ", "));
      }
      product *= std::max<std::uint64_t>(sizes[i], 1);
      checked[i] = static_cast<std::int64_t>(sizes[i]);
    }
    return Shape(std::span<const std::int64_t>(checked.data(), sizes.size()));
  }

  std::vector<std::uint64_t> integers(const std::string& name, const char* key, const json& list) const {
    std::vector<std::uint64_t> values;
    for (const json& item : list) {
      if (!item.is_number_unsigned()) {
        refuse("tensor '{}': expected {} to hold integers of at least 0, got {}", name, key, item.dump());
      }
      values.push_back(item.get<std::uint64_t>());
    }
    return values;
  }

  void check_coverage(const SafetensorsHeader& header, std::uint64_t data_bytes) const {
    std::uint64_t covered = 0;
    for (const SafetensorsEntry& entry : header.entries) {
      if (entry.begin != covered) {
        refuse("tensor '{}': expected its data to begin at byte {} of the data section, got {}", entry.name, covered,
               entry.begin);
      }
      covered = entry.end;
    }
    if (covered != data_bytes) {
      refuse("expected {} bytes of tensor data, found {}{}", covered, data_bytes,
             data_bytes < covered ? " (the file is truncated)" : "");
    }
  }

  std::string_view where_;
};

template <typename Json>
Json entry_json(const SafetensorsEntry& entry) {
  Json value;
  value["dtype"] = find_dtype(entry.dtype)->first;
  value["shape"] = entry.shape.sizes();
  value["data_offsets"] = {entry.begin, entry.end};
  return value;
}

}  // namespace

void lay_out(SafetensorsHeader& header) {
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(find_dtype(a.dtype), std::string_view(a.name)) <
           std::pair(find_dtype(b.dtype), std::string_view(b.name));
  });
  std::uint64_t offset = 0;
  for (SafetensorsEntry& entry : header.entries) {
    entry.begin = offset;
    offset += static_cast<std::uint64_t>(entry.shape.elements()) * size_of(entry.dtype);
    entry.end = offset;
  }
}

std::string header_text(const SafetensorsHeader& header) {
  nlohmann::ordered_json root;
  root[kMetadata] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    root[entry.name] = entry_json<nlohmann::ordered_json>(entry);
  }
  std::string text = root.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

SafetensorsHeader parse_header(std::string_view text, std::uint64_t data_bytes, std::string_view where) {
  return HeaderParser(where).parse(text, data_bytes);
}

std::string canonical_text(const SafetensorsHeader& header) {
  json root;
  root[kMetadata] = header.metadata;
  root[kMetadata].erase(kChecksumKey);
  for (const SafetensorsEntry& entry : header.entries) {
    root[entry.name] = entry_json<json>(entry);
  }
  return root.dump();
}

}  // namespace octet
