#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/vocabulary.h"

namespace octet {

/// A distinct piece of the text and how often it occurs there.
struct CountedPiece {
  std::string_view bytes;
  std::int64_t count = 0;
};

/// The tokens that pieces consist of by now, with the count of every pair of neighbours: what learning byte-pair
/// merges needs. Each pair knows the places where it occurs, so a merge takes time for its own occurrences only, and
/// all merges together about as long as the text is: whether it has spaces does not matter.
class PairCounts {
 public:
  struct Pair {
    std::int32_t left = 0;
    std::int32_t right = 0;
  };

  /// Starts with one token per byte; `id_of_byte` is its id. `work_done` is called every so often, here and in
  /// `merge`; what it throws passes through.
  PairCounts(std::span<const CountedPiece> pieces, const std::array<std::int32_t, 256>& id_of_byte,
             std::function<void()> work_done);

  /// The most frequent pair, if any occurs at least twice; among equally frequent ones the one with the smaller left
  /// id, then the smaller right id.
  std::optional<Pair> best();

  /// Replaces each occurrence of the merge in every piece, from left to right.
  void merge(const Merge& merge);

 private:
  /// Left id in the high half, right id in the low half: keys are ordered by left id, then right id.
  using PairKey = std::uint64_t;

  struct Entry {
    std::int64_t count = 0;
    std::vector<std::size_t> places;  ///< first bytes of all occurrences, and of some that are no more
  };

  struct Candidate {
    std::int64_t count = 0;
    PairKey key = 0;

    /// "Less" is the worse candidate, for the max-heap of std::priority_queue.
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.count != b.count ? a.count < b.count : a.key > b.key;
    }
  };

  static PairKey key_of(std::int32_t left, std::int32_t right);

  std::size_t size_of(std::int32_t id) const { return sizes_[static_cast<std::size_t>(id)]; }
  void remove(std::int32_t left, std::int32_t right, std::int64_t count);
  void add(std::int32_t left, std::int32_t right, std::int64_t count, std::size_t place);
  void merge_at(std::size_t place, const Merge& merge);
  void queue_touched();

  // All pieces side by side, a gap around each. A token of n bytes takes n elements: its id stands in the first and in
  // the last of them, so that the neighbours on both sides are found without links.
  std::vector<std::int32_t> ids_;
  std::vector<std::int32_t> piece_of_;  ///< for each element
  std::vector<std::int64_t> count_of_piece_;
  std::vector<std::size_t> sizes_;  ///< in bytes, of each token

  std::unordered_map<PairKey, Entry> pairs_;  ///< those that occur
  std::priority_queue<Candidate> queue_;
  std::vector<PairKey> touched_;  ///< pairs whose count has changed since they were queued
  std::function<void()> work_done_;
};

}  // namespace octet
