#include "base/random.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace octet {
namespace {

constexpr int kRounds = 10;

// Table 2 of the paper and the Weyl constants of section 4.3: golden ratio and sqrt(3) - 1.
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;

constexpr std::uint32_t low(std::uint64_t x) {
  return static_cast<std::uint32_t>(x);
}
constexpr std::uint32_t high(std::uint64_t x) {
  return static_cast<std::uint32_t>(x >> 32);
}

}  // namespace

std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::array<std::uint32_t, 4> Random::block(std::uint64_t index) const {
  std::array<std::uint32_t, 4> x = {low(index), high(index), low(stream_), high(stream_)};
  std::uint32_t key0 = low(seed_);
  std::uint32_t key1 = high(seed_);
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * x[0];
    const std::uint64_t product1 = kMultiplier1 * x[2];
    x = {high(product1) ^ x[1] ^ key0, low(product1), high(product0) ^ x[3] ^ key1, low(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return x;
}

float Random::uniform(std::uint64_t index) const {
  return static_cast<float>(block(index)[0] >> 8) * 0x1p-24F;
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
