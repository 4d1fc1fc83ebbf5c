#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

/// SHA-256 of bytes that arrive in pieces. Source: FIPS 180-4,
/// sections 4.1.2, 4.2.2, 5.1.1, 5.3.3, 6.2.
class Sha256 {
 public:
  void update(std::string_view bytes) { update(bytes.data(), bytes.size()); }
  void update(const void* data, std::size_t bytes);

  /// 64 lower-case hexadecimal digits of all bytes so far; more may follow.
  std::string hex() const;

 private:
  static constexpr std::size_t kBlock = 64;

  void compress(const std::uint8_t* blocks, std::size_t count);

  std::array<std::uint32_t, 8> hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, kBlock> rest_ = {};  ///< the bytes of an unfinished block
  std::uint64_t total_ = 0;                     ///< bytes so far
};

std::string sha256_hex(std::string_view bytes);

}  // namespace octet
