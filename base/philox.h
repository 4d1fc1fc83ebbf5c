#pragma once

#include <cstdint>

#include "base/anywhere.h"

namespace octet {

/// Philox4x32-10 with key = seed and counter = (index, stream): the 128 random bits of `index`, as four words.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 4.3.
OCTET_ANYWHERE void philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint32_t* words) {
  constexpr int kRounds = 10;
  // Table 2 of the paper and the Weyl constants of section 4.3: golden ratio and sqrt(3) - 1.
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  std::uint32_t x0 = low(index), x1 = high(index), x2 = low(stream), x3 = high(stream);
  std::uint32_t key0 = low(seed), key1 = high(seed);
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * x0, product1 = kMultiplier1 * x2;
    x0 = high(product1) ^ x1 ^ key0;
    x1 = low(product1);
    x2 = high(product0) ^ x3 ^ key1;
    x3 = low(product0);
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  words[0] = x0;
  words[1] = x1;
  words[2] = x2;
  words[3] = x3;
}

/// Uniform in [0, 1), a multiple of 2^-24 (every such float is exact), of one of those words.
OCTET_ANYWHERE float uniform_of(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24F;
}

}  // namespace octet
