#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace octet {

/// FNV-1a, 64 bits. Turns a dotted name (`blocks.3.attn.qkv.weight`) into the stream of its random
/// numbers.
std::uint64_t hash_name(std::string_view name);

/// Random numbers that are a pure function of (seed, stream, index): no state, so any number of
/// threads may share one object, ask in any order, and get the same values.
///
///     const Random random(seed, hash_name("blocks.3.mlp.up.weight"));
///     parallel_for(n, 1024, [&](std::int64_t begin, std::int64_t end) {
///       for (std::int64_t i = begin; i < end; ++i) x[i] = random.normal(static_cast<std::uint64_t>(i));
///     });
///
/// Generator: Philox4x32-10 (base/philox.h).
///
/// `uniform`, `normal` and `below` of one index are made from the same 128 random bits, so give
/// each purpose a stream of its own.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// The 128 random bits of `index`.
  std::array<std::uint32_t, 4> block(std::uint64_t index) const;

  /// Uniform in [0, 1), a multiple of 2^-24 (every such float is exact).
  float uniform(std::uint64_t index) const;

  /// Standard normal by Box-Muller: sqrt(-2 ln u1) cos(2 pi u2) with u1 in (0, 1]. At most 6.66 in
  /// size.
  float normal(std::uint64_t index) const;

  /// Uniform in [0, bound); the probabilities differ by less than bound / 2^64. `bound` must be
  /// positive.
  std::uint64_t below(std::uint64_t index, std::uint64_t bound) const;

  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
};

}  // namespace octet
