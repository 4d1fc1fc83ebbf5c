#include "text/literal_tokens.h"

#include <algorithm>
#include <utility>

namespace octet {

void LiteralTokens::add(std::string spelling, std::int32_t id) {
  empty_ = false;
  std::vector<Literal>& others = of_byte_[static_cast<unsigned char>(spelling.front())];
  const auto place = std::find_if(others.begin(), others.end(),
                                  [&](const Literal& other) { return other.spelling.size() < spelling.size(); });
  others.insert(place, {std::move(spelling), id});
}

std::optional<LiteralTokens::Found> LiteralTokens::first(std::string_view text) const {
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    for (const Literal& literal : of_byte_[static_cast<unsigned char>(text[begin])]) {
      if (text.substr(begin).starts_with(literal.spelling)) return Found{begin, literal.spelling.size(), literal.id};
    }
  }
  return std::nullopt;
}

}  // namespace octet
