#include "text/pair_counts.h"

#include <algorithm>
#include <utility>

namespace octet {

namespace {

constexpr std::int32_t kGap = -1;     ///< between two pieces
constexpr std::int32_t kInside = -2;  ///< neither the first nor the last byte of its token

constexpr std::int64_t kSmallestCount = 2;
constexpr std::size_t kBatch = 64 * 1024;  ///< places between two calls of `work_done`

}  // namespace

PairCounts::PairKey PairCounts::key_of(std::int32_t left, std::int32_t right) {
  return (static_cast<PairKey>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

PairCounts::PairCounts(std::span<const CountedPiece> pieces, const std::array<std::int32_t, 256>& id_of_byte,
                       std::function<void()> work_done)
    : sizes_(256, 1), work_done_(std::move(work_done)) {
  std::size_t elements = 1;
  for (const CountedPiece& piece : pieces) elements += piece.bytes.size() + 1;
  ids_.reserve(elements);
  piece_of_.reserve(elements);
  const auto append = [&](std::int32_t id) {
    ids_.push_back(id);
    piece_of_.push_back(static_cast<std::int32_t>(count_of_piece_.size()) - 1);
    if (ids_.size() % kBatch == 0) work_done_();
  };
  append(kGap);
  for (const CountedPiece& piece : pieces) {
    count_of_piece_.push_back(piece.count);
    for (const char byte : piece.bytes) append(id_of_byte[static_cast<unsigned char>(byte)]);
    append(kGap);
  }
  for (std::size_t i = 1; i + 1 < ids_.size(); ++i) {
    if (i % kBatch == 0) work_done_();
    if (ids_[i] == kGap || ids_[i + 1] == kGap) continue;
    add(ids_[i], ids_[i + 1], count_of_piece_[static_cast<std::size_t>(piece_of_[i])], i);
  }
  queue_touched();
}

std::optional<PairCounts::Pair> PairCounts::best() {
  while (!queue_.empty()) {
    const Candidate top = queue_.top();
    queue_.pop();
    // A pair is queued anew whenever its count changes, so entries with an old count are left-overs.
    const auto entry = pairs_.find(top.key);
    if (entry == pairs_.end() || entry->second.count != top.count) continue;
    return Pair{static_cast<std::int32_t>(top.key >> 32), static_cast<std::int32_t>(top.key & 0xFFFFFFFFu)};
  }
  return std::nullopt;
}

void PairCounts::merge(const Merge& merge) {
  const auto entry = pairs_.find(key_of(merge.left, merge.right));
  if (entry == pairs_.end()) return;
  auto places = std::move(entry->second.places);
  // From left to right: in "aaa" the first two letters merge. Places noted in different merges may be out of order.
  std::sort(places.begin(), places.end());
  const auto result = static_cast<std::size_t>(merge.result);
  sizes_.resize(std::max(sizes_.size(), result + 1));
  sizes_[result] = size_of(merge.left) + size_of(merge.right);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i % kBatch == kBatch - 1) work_done_();
    // Where an earlier merge has taken one of the two, another id stands in its first byte: a longer token begins
    // there, or it lies inside of one or is its last byte.
    const bool still_there = ids_[places[i]] == merge.left && ids_[places[i] + size_of(merge.left)] == merge.right;
    if (still_there) merge_at(places[i], merge);
  }
  queue_touched();
}

void PairCounts::merge_at(std::size_t place, const Merge& merge) {
  const std::size_t middle = place + size_of(merge.left);
  const std::size_t end = middle + size_of(merge.right);
  const std::int32_t before = ids_[place - 1];
  const std::int32_t after = ids_[end];
  const std::int64_t count = count_of_piece_[static_cast<std::size_t>(piece_of_[place])];

  remove(merge.left, merge.right, count);
  if (before != kGap) {
    remove(before, merge.left, count);
    add(before, merge.result, count, place - size_of(before));
  }
  if (after != kGap) {
    remove(merge.right, after, count);
    add(merge.result, after, count, place);
  }
  ids_[middle - 1] = kInside;
  ids_[middle] = kInside;
  ids_[place] = merge.result;
  ids_[end - 1] = merge.result;
}

void PairCounts::remove(std::int32_t left, std::int32_t right, std::int64_t count) {
  const PairKey key = key_of(left, right);
  pairs_[key].count -= count;
  touched_.push_back(key);
}

void PairCounts::add(std::int32_t left, std::int32_t right, std::int64_t count, std::size_t place) {
  const PairKey key = key_of(left, right);
  Entry& entry = pairs_[key];
  entry.count += count;
  entry.places.push_back(place);
  touched_.push_back(key);
}

void PairCounts::queue_touched() {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const PairKey key : touched_) {
    const auto entry = pairs_.find(key);
    const std::int64_t count = entry->second.count;
    if (count == 0) {
      pairs_.erase(entry);  // its places are all of the past
    } else if (count >= kSmallestCount) {
      queue_.push({count, key});
    }
  }
  touched_.clear();
}

}  // namespace octet
