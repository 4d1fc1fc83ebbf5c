#include "io/gguf_writer.h"

#include <set>

#include "base/error.h"
#include "io/gguf.h"

namespace octet {
namespace {

constexpr std::uint64_t kAlignment = 32;

std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

/// The bytes of the header.
class HeaderBytes {
 public:
  template <typename T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& value) {
    number(std::uint64_t{value.size()});
    bytes_ += value;
  }

  // Type and value; numbers of types: io/gguf.h.
  void value(std::uint32_t v) { put(4, v); }
  void value(float v) { put(6, v); }
  void value(bool v) { put(7, v); }
  void value(const std::string& v) {
    number(std::uint32_t{8});
    text(v);
  }
  void value(const std::vector<std::string>& v) {
    array(8, v.size());
    for (const std::string& item : v) text(item);
  }
  void value(const std::vector<std::int32_t>& v) {
    array(5, v.size());
    for (const std::int32_t item : v) number(item);
  }

  void align() { bytes_.resize(aligned(bytes_.size()), '\0'); }
  const std::string& bytes() const { return bytes_; }

 private:
  template <typename T>
  void put(std::uint32_t type, T v) {
    number(type);
    number(v);
  }
  void array(std::uint32_t type, std::size_t count) {
    number(std::uint32_t{9});
    number(type);
    number(std::uint64_t{count});
  }

  std::string bytes_;
};

void check_names(const GgufKeys& keys, const std::vector<GgufEntry>& tensors) {
  std::set<std::string> seen;
  for (const auto& [key, value] : keys) check(seen.insert(key).second, "[gguf] expected each key once, got {}", key);
  seen.clear();
  for (const GgufEntry& tensor : tensors) {
    check(!tensor.name.empty() && tensor.name.size() <= kMostGgufNameBytes,
          "[gguf] expected names of tensors of 1 to {} bytes, got \"{}\"", kMostGgufNameBytes, tensor.name);
    check(seen.insert(tensor.name).second, "[gguf] expected each tensor once, got \"{}\"", tensor.name);
    check(tensor.shape[-1] % tensor.type->values == 0,
          "[gguf] tensor \"{}\": expected rows of a multiple of the {} values of a block of {}, got {}", tensor.name,
          tensor.type->values, tensor.type->name, tensor.shape[-1]);
  }
}

std::string header_bytes(const GgufKeys& keys, const std::vector<GgufEntry>& tensors) {
  HeaderBytes out;
  for (const char letter : {'G', 'G', 'U', 'F'}) out.number(letter);
  out.number(kGgufVersion);
  out.number(std::uint64_t{tensors.size()});
  out.number(std::uint64_t{keys.size()});
  for (const auto& [key, value] : keys) {
    out.text(key);
    std::visit([&](const auto& v) { out.value(v); }, value);
  }
  std::uint64_t offset = 0;
  for (const GgufEntry& tensor : tensors) {
    out.text(tensor.name);
    out.number(static_cast<std::uint32_t>(tensor.shape.rank()));
    for (std::int64_t i = tensor.shape.rank() - 1; i >= 0; --i) {
      out.number(static_cast<std::uint64_t>(tensor.shape[static_cast<int>(i)]));
    }
    out.number(tensor.type->id);
    out.number(offset);
    offset = aligned(offset + tensor.bytes());
  }
  out.align();
  return out.bytes();
}

}  // namespace

GgufWriter::GgufWriter(const std::filesystem::path& path, const GgufKeys& keys, std::vector<GgufEntry> tensors)
    : file_(path), tensors_(std::move(tensors)) {
  check_names(keys, tensors_);
  file_.write(header_bytes(keys, tensors_));
}

void GgufWriter::append(std::span<const std::uint8_t> data) {
  check(next_ < tensors_.size(), "[gguf] expected {} tensors, got more", tensors_.size());
  const GgufEntry& tensor = tensors_[next_++];
  check(data.size() == tensor.bytes(), "[gguf] tensor \"{}\": expected {} bytes, got {}", tensor.name, tensor.bytes(),
        data.size());
  file_.write({reinterpret_cast<const char*>(data.data()), data.size()});
  file_.write(std::string(aligned(data.size()) - data.size(), '\0'));
}

void GgufWriter::commit() {
  check(next_ == tensors_.size(), "[gguf] expected {} tensors, got {}", tensors_.size(), next_);
  file_.commit();
}

}  // namespace octet
