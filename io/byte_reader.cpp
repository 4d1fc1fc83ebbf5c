#include "io/byte_reader.h"

#include <algorithm>
#include <cstring>

namespace octet {
namespace {

constexpr const char* kWhy = "the file is truncated, or the number is wrong";

}  // namespace

void ByteReader::expect_room(std::uint64_t count, std::uint64_t bytes, const std::string& what) const {
  if (count > left() / bytes) {
    refuse("{}: expected {} more of at least {} bytes each, but only {} bytes are left ({})", what, count, bytes,
           left(), kWhy);
  }
}

void ByteReader::expect_bytes(std::uint64_t count, const std::string& what) const {
  if (count > left()) refuse("{}: expected {} more bytes, but only {} are left ({})", what, count, left(), kWhy);
}

void ByteReader::bytes(void* to, std::uint64_t count, const std::string& what) {
  expect_bytes(count, what);
  auto* out = static_cast<char*>(to);
  while (count > 0) {
    if (next_ == buffer_.size()) refill();
    const std::uint64_t taken = std::min<std::uint64_t>(count, buffer_.size() - next_);
    std::memcpy(out, buffer_.data() + next_, taken);
    next_ += taken;
    position_ += taken;
    out += taken;
    count -= taken;
  }
}

std::string ByteReader::string(const std::string& what) {
  const auto size = number<std::uint64_t>(what);
  expect_bytes(size, what);
  std::string text(size, '\0');
  bytes(text.data(), size, what);
  return text;
}

void ByteReader::refill() {
  constexpr std::uint64_t kBuffer = 1 << 16;
  buffer_.resize(std::min(kBuffer, left()));
  file_.read(position_, buffer_.data(), buffer_.size());
  next_ = 0;
}

}  // namespace octet
