#include "io/gguf.h"

#include "base/error.h"
#include "base/parallel.h"
#include "io/gguf_header.h"

namespace octet {

GgufFile::GgufFile(const std::filesystem::path& path) : file_(std::make_unique<InputFile>(path)) {
  GgufHeader header = read_gguf_header(*file_);
  values_ = std::move(header.values);
  tensors_ = std::move(header.tensors);
  data_start_ = header.data_start;
}

namespace {

/// As it stands behind "expected" and "got".
const char* type_of(const GgufValue& value) {
  constexpr const char* kNames[] = {"an integer",           "a floating-point number",
                                    "true or false",        "a string",
                                    "an array of integers", "an array of floating-point numbers",
                                    "an array of strings"};
  return kNames[value.index()];
}

}  // namespace

template <typename T>
const T& GgufFile::expect(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) fail(ErrorKind::input, "{}: expected the key {}, found none", where(), key);
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) {
    fail(ErrorKind::input, "{}: key {}: expected {}, got {}", where(), key, type_of(T()), type_of(found->second));
  }
  return *value;
}

std::int64_t GgufFile::integer(const std::string& key) const {
  return expect<std::int64_t>(key);
}
double GgufFile::number(const std::string& key) const {
  return expect<double>(key);
}
const std::string& GgufFile::text(const std::string& key) const {
  return expect<std::string>(key);
}
const std::vector<std::string>& GgufFile::texts(const std::string& key) const {
  return expect<std::vector<std::string>>(key);
}
const std::vector<std::int64_t>& GgufFile::integers(const std::string& key) const {
  return expect<std::vector<std::int64_t>>(key);
}
std::optional<std::int64_t> GgufFile::optional_integer(const std::string& key) const {
  return contains(key) ? std::optional(integer(key)) : std::nullopt;
}
std::optional<bool> GgufFile::optional_flag(const std::string& key) const {
  return contains(key) ? std::optional(expect<bool>(key)) : std::nullopt;
}

std::vector<std::uint8_t> GgufFile::read_bytes(const GgufTensor& tensor) const {
  std::vector<std::uint8_t> stored(tensor.bytes);
  file_->read(data_start_ + tensor.offset, stored.data(), stored.size());
  return stored;
}

Tensor GgufFile::read(const GgufTensor& tensor) const {
  constexpr std::int64_t kGrain = 1024;  // blocks
  const GgufType& type = *tensor.type;
  if (type.decode == nullptr) {
    fail(ErrorKind::input, "{}: tensor \"{}\": type {} is not supported (expected {})", where(), tensor.name, type.name,
         readable_gguf_types());
  }
  const std::vector<std::uint8_t> stored = read_bytes(tensor);
  Tensor values = Tensor::empty(tensor.shape);
  float* to = values.data<float>();
  parallel_for(values.elements() / type.values, kGrain, [&](std::int64_t begin, std::int64_t end) {
    type.decode(stored.data() + begin * type.bytes, end - begin, to + begin * type.values);
  });
  return values;
}

}  // namespace octet
