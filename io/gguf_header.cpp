#include "io/gguf_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "base/shown_text.h"
#include "io/byte_reader.h"

namespace octet {
namespace {

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kMostDimensions = 4;
constexpr std::uint64_t kLeastKeyBytes = 8 + 4 + 1;             // an empty key, its type, one byte
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;  // an empty name and one dimension

enum class ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// Bytes that a value takes at least; 0 for a type that does not exist.
std::uint64_t least_bytes(std::uint32_t type) {
  constexpr std::array<std::uint64_t, 13> kBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

class HeaderReader {
 public:
  explicit HeaderReader(const InputFile& file) : in_(file) {}

  GgufHeader read() {
    read_magic();
    const auto tensors = in_.number<std::uint64_t>("number of tensors");
    const auto keys = in_.number<std::uint64_t>("number of keys");
    in_.expect_room(keys, kLeastKeyBytes, "keys");
    for (std::uint64_t i = 0; i < keys; ++i) read_key();
    in_.expect_room(tensors, kLeastTensorBytes, "list of tensors");
    for (std::uint64_t i = 0; i < tensors; ++i) read_tensor();
    place_tensors();
    return std::move(header_);
  }

 private:
  void read_magic() {
    std::array<char, 4> magic{};
    if (in_.left() >= magic.size()) in_.bytes(magic.data(), magic.size(), "magic");
    if (std::string_view(magic.data(), magic.size()) != "GGUF") {
      in_.refuse("expected a GGUF file, which begins with the letters GGUF");
    }
    const auto version = in_.number<std::uint32_t>("version");
    if (version == kGgufVersion << 24) in_.refuse("expected a little-endian file, got a big-endian one");
    if (version != kGgufVersion) in_.refuse("expected GGUF version {}, got {}", kGgufVersion, version);
  }

  void read_key() {
    const std::string key = in_.string("a key");
    if (const std::string rule = name_rule_broken(key); !rule.empty()) {
      in_.refuse("key {}: expected {}, got \"{}\"", header_.values.size() + 1, rule, excerpt(key));
    }
    const std::string what = "key " + key;
    const auto type = in_.number<std::uint32_t>(what);
    GgufValue value = type == static_cast<std::uint32_t>(ValueType::array) ? read_array(what) : read_value(type, what);
    if (!header_.values.emplace(key, std::move(value)).second) in_.refuse("{}: it stands there twice", what);
  }

  std::int64_t read_u64(const std::string& what) {
    const auto value = in_.number<std::uint64_t>(what);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      in_.refuse("{}: expected an integer below 2^63, got {}", what, value);
    }
    return static_cast<std::int64_t>(value);
  }

  bool read_bool(const std::string& what) {
    const auto value = in_.number<std::uint8_t>(what);
    if (value > 1) in_.refuse("{}: expected 0 or 1, got {}", what, static_cast<int>(value));
    return value == 1;
  }

  GgufValue read_value(std::uint32_t type, const std::string& what) {
    switch (static_cast<ValueType>(type)) {
      case ValueType::u8:
        return std::int64_t{in_.number<std::uint8_t>(what)};
      case ValueType::i8:
        return std::int64_t{in_.number<std::int8_t>(what)};
      case ValueType::u16:
        return std::int64_t{in_.number<std::uint16_t>(what)};
      case ValueType::i16:
        return std::int64_t{in_.number<std::int16_t>(what)};
      case ValueType::u32:
        return std::int64_t{in_.number<std::uint32_t>(what)};
      case ValueType::i32:
        return std::int64_t{in_.number<std::int32_t>(what)};
      case ValueType::u64:
        return read_u64(what);
      case ValueType::i64:
        return in_.number<std::int64_t>(what);
      case ValueType::f32:
        return static_cast<double>(in_.number<float>(what));
      case ValueType::f64:
        return in_.number<double>(what);
      case ValueType::boolean:
        return read_bool(what);
      case ValueType::string:
        return in_.string(what);
      case ValueType::array:
        in_.refuse("{}: arrays of arrays are not supported", what);
    }
    in_.refuse("{}: expected a type of values from 0 to 12, got {}", what, type);
  }

  /// Flags become integers.
  GgufValue read_array(const std::string& what) {
    const auto type = in_.number<std::uint32_t>(what);
    const auto count = in_.number<std::uint64_t>(what);
    if (least_bytes(type) == 0) in_.refuse("{}: expected a type of values from 0 to 12, got {}", what, type);
    in_.expect_room(count, least_bytes(type), what);
    std::vector<std::int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string> strings;
    for (std::uint64_t i = 0; i < count; ++i) {
      GgufValue value = read_value(type, what);
      if (auto* text = std::get_if<std::string>(&value)) {
        strings.push_back(std::move(*text));
      } else if (const auto* number = std::get_if<double>(&value)) {
        numbers.push_back(*number);
      } else {
        const auto* integer = std::get_if<std::int64_t>(&value);
        integers.push_back(integer != nullptr ? *integer : std::int64_t{std::get<bool>(value)});
      }
    }
    if (type == static_cast<std::uint32_t>(ValueType::string)) return strings;
    const bool real =
        type == static_cast<std::uint32_t>(ValueType::f32) || type == static_cast<std::uint32_t>(ValueType::f64);
    if (real) return numbers;
    return integers;
  }

  void read_tensor() {
    GgufTensor tensor;
    tensor.name = in_.string("the name of a tensor");
    const auto place = header_.tensors.size() + 1;
    if (tensor.name.size() > kMostGgufNameBytes) {
      in_.refuse("tensor {}: expected a name of at most {} bytes, got {}", place, kMostGgufNameBytes,
                 tensor.name.size());
    }
    if (const std::string rule = name_rule_broken(tensor.name); !rule.empty()) {
      in_.refuse("tensor {}: expected {}, got \"{}\"", place, rule, excerpt(tensor.name));
    }
    const std::string what = "tensor \"" + tensor.name + "\"";
    if (!names_.insert(tensor.name).second) in_.refuse("{}: it stands there twice", what);
    tensor.shape = read_shape(what);
    const auto type = in_.number<std::uint32_t>(what);
    tensor.type = find_gguf_type(type);
    if (tensor.type == nullptr) in_.refuse("{}: type {} does not exist, or no longer", what, type);
    const std::int64_t row = tensor.shape.rank() == 0 ? 1 : tensor.shape[-1];
    if (row % tensor.type->values != 0) {
      in_.refuse("{}: expected rows of a multiple of the {} values of a block of {}, got {}", what, tensor.type->values,
                 tensor.type->name, row);
    }
    tensor.bytes = static_cast<std::uint64_t>(tensor.shape.elements() / tensor.type->values) *
                   static_cast<std::uint64_t>(tensor.type->bytes);
    tensor.offset = in_.number<std::uint64_t>(what);
    header_.tensors.push_back(tensor);
  }

  /// Sizes stand innermost first.
  Shape read_shape(const std::string& what) {
    constexpr std::uint64_t kLimit = std::numeric_limits<std::int64_t>::max() / 512;  // bytes and blocks must fit too
    const auto rank = in_.number<std::uint32_t>(what);
    if (rank > kMostDimensions) in_.refuse("{}: expected at most {} dimensions, got {}", what, kMostDimensions, rank);
    std::array<std::int64_t, kMostDimensions> sizes{};
    std::uint64_t product = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
      const auto size = in_.number<std::uint64_t>(what);
      if (size == 0 || size > kLimit / product) in_.refuse("{}: a dimension of {} is not possible", what, size);
      product *= size;
      sizes[rank - 1 - i] = static_cast<std::int64_t>(size);
    }
    return Shape(std::span<const std::int64_t>(sizes.data(), rank));
  }

  std::uint64_t alignment() const {
    const auto found = header_.values.find("general.alignment");
    if (found == header_.values.end()) return kDefaultAlignment;
    const auto* value = std::get_if<std::int64_t>(&found->second);
    constexpr std::int64_t kMost = 1 << 20;
    if (value == nullptr || *value < 1 || *value > kMost || (*value & (*value - 1)) != 0) {
      in_.refuse("key general.alignment: expected a power of two from 1 to {}, got {}", kMost,
                 value == nullptr ? "another type" : std::to_string(*value));
    }
    return static_cast<std::uint64_t>(*value);
  }

  /// Each tensor begins where the one before it ended, rounded up.
  void place_tensors() {
    const std::uint64_t align = alignment();
    const auto aligned = [&](std::uint64_t offset) { return (offset + align - 1) / align * align; };
    header_.data_start = aligned(in_.position());
    const std::uint64_t size = in_.position() + in_.left();
    const std::uint64_t room = size - std::min(size, header_.data_start);
    std::uint64_t end = 0;
    for (const GgufTensor& tensor : header_.tensors) {
      if (tensor.offset != aligned(end)) {
        in_.refuse("tensor \"{}\": expected its data at byte {} of the data section, got {}", tensor.name, aligned(end),
                   tensor.offset);
      }
      if (tensor.bytes > room || tensor.offset > room - tensor.bytes) {
        in_.refuse("tensor \"{}\": expected {} bytes of data from {} on, but the file has {} (it is truncated)",
                   tensor.name, tensor.bytes, tensor.offset, room);
      }
      end = tensor.offset + tensor.bytes;
    }
    if (room > aligned(end)) in_.refuse("expected {} bytes of tensor data, found {}", end, room);
  }

  ByteReader in_;
  GgufHeader header_;
  std::set<std::string> names_;
};

}  // namespace

GgufHeader read_gguf_header(const InputFile& file) {
  return HeaderReader(file).read();
}

}  // namespace octet
