#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace octet::sample {

/// Writes the parts of a GGUF file (io/gguf.h), right or wrong.
class GgufBytes {
 public:
  template <typename T>
  GgufBytes& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  GgufBytes& string(const std::string& text) {
    number(std::uint64_t{text.size()});
    bytes_ += text;
    return *this;
  }
  GgufBytes& header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    bytes_ += "GGUF";
    return number(version).number(tensors).number(keys);
  }
  /// A key with an integer (u32), a float, a flag, a string or strings.
  GgufBytes& key(const std::string& name, std::uint32_t value) { return string(name).number(4U).number(value); }
  GgufBytes& key(const std::string& name, float value) { return string(name).number(6U).number(value); }
  GgufBytes& key(const std::string& name, const std::string& value) { return string(name).number(8U).string(value); }
  GgufBytes& key(const std::string& name, const std::vector<std::string>& values) {
    string(name).number(9U).number(8U).number(std::uint64_t{values.size()});
    for (const std::string& value : values) string(value);
    return *this;
  }
  /// Sizes innermost first.
  GgufBytes& tensor(const std::string& name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                    std::uint64_t offset) {
    string(name).number(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) number(size);
    return number(type).number(offset);
  }
  GgufBytes& align(std::size_t to = 32) {
    bytes_.resize((bytes_.size() + to - 1) / to * to, '\0');
    return *this;
  }
  GgufBytes& data(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }
  operator std::string() const { return bytes_; }  // NOLINT: a file is its bytes

 private:
  std::string bytes_;
};

}  // namespace octet::sample
