#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace octet {

/// A bitshift trellis: 2^L states, each with a level, and k new bits at each step: state_t = (state_(t-1) << k |
/// code_t) mod 2^L. What follows a state depends on its low L - k bits alone, which the two share: the overlap.
struct Trellis {
  int state_bits = 12;        ///< L
  int bits = 2;               ///< k, 1 to 4, below L
  std::vector<float> levels;  ///< (2^L)

  std::size_t states() const { return std::size_t{1} << state_bits; }
  std::size_t overlaps() const { return states() >> bits; }
};

/// The trellis of tensor/kernels/trellis_code.h with k bits.
Trellis usual_trellis(int bits);

/// Finds walks whose levels lie close to some targets. Keeps what it needs to remember of a walk; each thread has one
/// of its own.
class TrellisPath {
 public:
  /// `trellis` must outlive it.
  explicit TrellisPath(const Trellis& trellis);

  /// The walk (T) of least cost, exactly, and its cost (Viterbi's algorithm):
  ///
  ///     sum over t of weight_t (target_t - level of state_t)^2
  ///
  /// `first`: the overlap before state_0 (its bits from k on); `last`: the overlap behind state_(T-1) (its low L - k
  /// bits). Not given: any. T steps of 2 * 2^L operations.
  float find(std::span<const float> targets, std::span<const float> weights, std::optional<std::uint32_t> first,
             std::optional<std::uint32_t> last, std::span<std::uint16_t> walk);

  /// Called before step t, a multiple of kRun other than 0: may change the targets from t on by what the walk was in
  /// the kRun steps before, as far as that is known. (The best walk so far: what comes may still change the last of
  /// them.)
  using Feedback = std::function<void(std::size_t t, std::span<const std::uint16_t> latest, std::span<float> targets)>;
  static constexpr std::size_t kRun = 16;

  /// A closed walk, whose last overlap is the first: a ring of T k bits. It is close to the best one: a walk from the
  /// last targets over the seam through the first ones says which overlap is good there, and the best walk with that is
  /// taken. With feedback a walk of its own comes before, for the targets that the last steps will have. Returns the
  /// cost. T >= 2.
  /// Source: Tseng et al. 2024, "QTIP", https://arxiv.org/abs/2406.11235, algorithm 4, which walks through all targets.
  float find_ring(std::span<const float> targets, std::span<const float> weights, std::span<std::uint16_t> walk,
                  const Feedback& feedback = nullptr);

 private:
  template <int kBits>
  void extend(float target, float weight);
  void choose(std::int32_t* before);
  std::size_t best_overlap() const;
  void trace(std::size_t end, std::size_t overlap, std::span<std::uint16_t> walk) const;
  float walk_through(std::span<float> targets, std::span<const float> weights, std::optional<std::uint32_t> first,
                     std::optional<std::uint32_t> last, std::span<std::uint16_t> walk, const Feedback& feedback);

  const Trellis& trellis_;
  std::vector<float> cost_;           // (2^L): of the best walk to each state
  std::vector<float> best_;           // (2^(L-k)): of the best walk to each overlap
  std::vector<std::int32_t> before_;  // (T, 2^(L-k)): the high k bits of the state by which that walk came
  std::vector<float> live_;           // (T): targets as feedback has changed them
};

}  // namespace octet
