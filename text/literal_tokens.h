#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

/// Tokens that are looked for in text as they are spelled, before it is cut into pieces: special and added ones.
class LiteralTokens {
 public:
  struct Found {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::int32_t id = 0;
  };

  /// `id` for every place where `spelling`, which is not empty, stands.
  void add(std::string spelling, std::int32_t id);

  bool empty() const { return empty_; }

  /// The first one in `text`; of those that begin at the same byte, the longest. The time is that of reading the text.
  std::optional<Found> first(std::string_view text) const;

 private:
  struct Literal {
    std::string spelling;
    std::int32_t id;
  };

  bool empty_ = true;
  std::array<std::vector<Literal>, 256> of_byte_;  ///< by the first byte, longest first
};

}  // namespace octet
