#include "quant/trellis_path.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "tensor/kernels/trellis_code.h"

namespace octet {
namespace {

/// Overlaps whose best states are chosen together: their numbers stay in the first cache, or in registers.
constexpr std::size_t kBlock = 32;
/// Targets on either side of a seam that decide about its overlap: with 2 bits a state remembers 6, and walks that part
/// have mostly met again after ten times as many (after five an error of 0.0741 is 0.0746).
constexpr std::size_t kReach = 64;

}  // namespace

Trellis usual_trellis(int bits) {
  Trellis trellis{.state_bits = kTrellisStateBits, .bits = bits, .levels = {}};
  for (std::uint32_t state = 0; state < trellis.states(); ++state) {
    trellis.levels.push_back(trellis_level(state));
  }
  return trellis;
}

TrellisPath::TrellisPath(const Trellis& trellis)
    : trellis_(trellis), cost_(trellis.states()), best_(trellis.overlaps()) {
  check(trellis.bits >= 1 && trellis.bits <= 4 && trellis.bits < trellis.state_bits && trellis.state_bits <= 16 &&
            trellis.levels.size() == trellis.states(),
        "[trellis] expected 1 to 4 bits, fewer than those of a state, and a level for each state, got {}, {} and {}",
        trellis.bits, trellis.state_bits, trellis.levels.size());
}

/// The costs of all states, from those of the overlaps that lead to them. The states that follow an overlap are
/// neighbours.
template <int kBits>
void TrellisPath::extend(float target, float weight) {
  constexpr std::size_t kCodes = std::size_t{1} << kBits;
  const float* level = trellis_.levels.data();
  float* cost = cost_.data();
  for (const float best : best_) {
#pragma omp simd
    for (std::size_t code = 0; code < kCodes; ++code) {
      const float error = target - level[code];
      cost[code] = best + weight * error * error;
    }
    level += kCodes;
    cost += kCodes;
  }
}

/// The best state for each overlap. States that differ in their high bits alone have the same one. The bits of numbers
/// that are not negative are ordered as the numbers are; of integers the compiler makes vector instructions, where two
/// selections by a comparison of floats keep it from that.
void TrellisPath::choose(std::int32_t* before) {
  const std::size_t overlaps = trellis_.overlaps();
  std::int32_t best[kBlock] = {}, cost[kBlock] = {}, high_of_best[kBlock];
  for (std::size_t first = 0; first < overlaps; first += kBlock) {
    const std::size_t count = std::min(kBlock, overlaps - first);
    std::memcpy(best, cost_.data() + first, count * sizeof(float));
    std::fill_n(high_of_best, kBlock, 0);
    for (std::int32_t high = 1; high < 1 << trellis_.bits; ++high) {
      std::memcpy(cost, cost_.data() + static_cast<std::size_t>(high) * overlaps + first, count * sizeof(float));
#pragma omp simd
      for (std::size_t i = 0; i < kBlock; ++i) {
        high_of_best[i] = cost[i] < best[i] ? high : high_of_best[i];
        best[i] = cost[i] < best[i] ? cost[i] : best[i];
      }
    }
    std::memcpy(best_.data() + first, best, count * sizeof(float));
    std::copy_n(high_of_best, count, before + first);
  }
}

std::size_t TrellisPath::best_overlap() const {
  return static_cast<std::size_t>(std::min_element(best_.begin(), best_.end()) - best_.begin());
}

/// The last walk.size() steps before `end` of the best walk to an overlap there.
void TrellisPath::trace(std::size_t end, std::size_t overlap, std::span<std::uint16_t> walk) const {
  const std::size_t overlaps = trellis_.overlaps();
  for (std::size_t i = walk.size(); i-- > 0;) {
    const std::size_t t = end - walk.size() + i;
    const std::size_t state = static_cast<std::size_t>(before_[t * overlaps + overlap]) * overlaps + overlap;
    walk[i] = static_cast<std::uint16_t>(state);
    overlap = state >> trellis_.bits;
  }
}

float TrellisPath::walk_through(std::span<float> targets, std::span<const float> weights,
                                std::optional<std::uint32_t> first, std::optional<std::uint32_t> last,
                                std::span<std::uint16_t> walk, const Feedback& feedback) {
  const std::size_t overlaps = trellis_.overlaps();
  std::fill(best_.begin(), best_.end(), first ? std::numeric_limits<float>::infinity() : 0.0F);
  if (first) {
    best_[*first] = 0.0F;
  }
  before_.resize(std::max(before_.size(), targets.size() * overlaps));
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (feedback && t > 0 && t % kRun == 0) {
      std::uint16_t latest[kRun];
      trace(t, best_overlap(), latest);
      feedback(t, latest, targets);
    }
    switch (trellis_.bits) {
      case 1:
        extend<1>(targets[t], weights[t]);
        break;
      case 2:
        extend<2>(targets[t], weights[t]);
        break;
      case 3:
        extend<3>(targets[t], weights[t]);
        break;
      default:
        extend<4>(targets[t], weights[t]);
    }
    choose(before_.data() + t * overlaps);
  }
  const std::size_t overlap = last ? *last : best_overlap();
  trace(targets.size(), overlap, walk);
  return best_[overlap];
}

float TrellisPath::find(std::span<const float> targets, std::span<const float> weights,
                        std::optional<std::uint32_t> first, std::optional<std::uint32_t> last,
                        std::span<std::uint16_t> walk) {
  live_.assign(targets.begin(), targets.end());
  return walk_through(live_, weights, first, last, walk, nullptr);
}

float TrellisPath::find_ring(std::span<const float> targets, std::span<const float> weights,
                             std::span<std::uint16_t> walk, const Feedback& feedback) {
  live_.assign(targets.begin(), targets.end());
  if (feedback) {
    walk_through(live_, weights, std::nullopt, std::nullopt, walk, feedback);
  }
  const std::size_t reach = std::min(kReach, targets.size() / 2);
  std::vector<float> seam_targets(live_.end() - static_cast<std::ptrdiff_t>(reach), live_.end());
  seam_targets.insert(seam_targets.end(), live_.begin(), live_.begin() + static_cast<std::ptrdiff_t>(reach));
  std::vector<float> seam_weights(weights.end() - static_cast<std::ptrdiff_t>(reach), weights.end());
  seam_weights.insert(seam_weights.end(), weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(reach));
  std::vector<std::uint16_t> seam_walk(2 * reach);
  walk_through(seam_targets, seam_weights, std::nullopt, std::nullopt, seam_walk, nullptr);
  const std::uint32_t seam = seam_walk[reach] >> trellis_.bits;
  live_.assign(targets.begin(), targets.end());
  return walk_through(live_, weights, seam, seam, walk, feedback);
}

}  // namespace octet
