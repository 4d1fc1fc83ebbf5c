#include "base/random.h"

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/philox.h"

namespace octet {
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::array<std::uint32_t, 4> Random::block(std::uint64_t index) const {
  std::array<std::uint32_t, 4> words{};
  philox(seed_, stream_, index, words.data());
  return words;
}

float Random::uniform(std::uint64_t index) const {
  return uniform_of(block(index)[0]);
}

float Random::normal(std::uint64_t index) const {
  // In double, so that the last-bit differences between math libraries vanish when rounding to
  // float.
  const auto bits = block(index);
  const double u1 = (bits[0] + 1.0) * 0x1p-32;
  const double u2 = bits[1] * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u1)) * std::cos(2.0 * std::numbers::pi * u2));
}

std::uint64_t Random::below(std::uint64_t index, std::uint64_t bound) const {
  check(bound > 0, "[random] expected a bound of at least 1, got 0");
  const auto bits = block(index);
  const std::uint64_t word = bits[0] | static_cast<std::uint64_t>(bits[1]) << 32;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(word) * bound >> 64);
}

}  // namespace octet
