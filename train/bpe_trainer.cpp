#include "train/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "train/byte_unicode.h"
#include "train/piece_splitter.h"

namespace octet {

namespace {

/// Left id in the high half, right id in the low half: keys are ordered by left id, then right id.
using PairKey = std::uint64_t;

PairKey pair_key(std::int32_t left, std::int32_t right) {
  return (static_cast<PairKey>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

std::int32_t left_of(PairKey key) {
  return static_cast<std::int32_t>(key >> 32);
}
std::int32_t right_of(PairKey key) {
  return static_cast<std::int32_t>(key & 0xFFFFFFFFu);
}

/// A distinct piece of the corpus, how often it occurs, and the tokens it consists of by now.
struct Piece {
  std::vector<std::int32_t> ids;
  std::int64_t count = 0;
};

struct PairInfo {
  std::int64_t count = 0;
  std::vector<std::int32_t> pieces;  ///< all that hold the pair; may also name some that no longer do
};

struct Candidate {
  std::int64_t count = 0;
  PairKey key = 0;

  /// "Less" is the worse candidate, for the max-heap of std::priority_queue.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.count != b.count ? a.count < b.count : a.key > b.key;
  }
};

std::vector<Piece> count_pieces(std::span<const std::string_view> texts) {
  std::array<std::int32_t, 256> id_of_byte{};
  for (std::size_t id = 0; id < 256; ++id) id_of_byte[byte_order()[id]] = static_cast<std::int32_t>(id);

  std::unordered_map<std::string_view, std::size_t> index;
  std::vector<Piece> pieces;
  for (const std::string_view text : texts) {
    PieceSplitter splitter(text);
    for (auto piece = splitter.next(); !piece.empty(); piece = splitter.next()) {
      const auto [entry, added] = index.try_emplace(piece, pieces.size());
      if (added) {
        Piece& fresh = pieces.emplace_back();
        for (const char byte : piece) fresh.ids.push_back(id_of_byte[static_cast<unsigned char>(byte)]);
      }
      ++pieces[entry->second].count;
    }
  }
  return pieces;
}

/// Replaces each occurrence of the merge in `ids`, from left to right. Returns whether there was one.
bool apply_merge(std::vector<std::int32_t>& ids, const Merge& merge) {
  std::size_t out = 0;
  for (std::size_t in = 0; in < ids.size(); ++out) {
    if (in + 1 < ids.size() && ids[in] == merge.left && ids[in + 1] == merge.right) {
      ids[out] = merge.result;
      in += 2;
    } else {
      ids[out] = ids[in++];
    }
  }
  const bool found = out < ids.size();
  ids.resize(out);
  return found;
}

/// Keeps the count of every pair, and for every pair the pieces that hold it, so that a merge visits only those.
class PairCounts {
 public:
  explicit PairCounts(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      count_pairs(pieces_[i].ids, pieces_[i].count);
      list_piece(static_cast<std::int32_t>(i), [](PairKey) { return true; });
    }
    push_touched();
  }

  /// The most frequent pair, if any occurs at least twice.
  std::optional<PairKey> best() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      if (top.count < kSmallestCount) return std::nullopt;
      queue_.pop();
      // A pair is queued anew whenever its count changes, so entries with an old count are left-overs.
      if (pairs_[top.key].count == top.count) return top.key;
    }
    return std::nullopt;
  }

  void merge(const Merge& merge) {
    const auto holders = std::move(pairs_[pair_key(merge.left, merge.right)].pieces);
    for (const std::int32_t index : holders) {
      Piece& piece = pieces_[static_cast<std::size_t>(index)];
      const std::vector<std::int32_t> before = piece.ids;
      if (!apply_merge(piece.ids, merge)) continue;
      count_pairs(before, -piece.count);
      count_pairs(piece.ids, piece.count);
      // Pairs without the new token were there before, and list the piece already.
      list_piece(index, [&](PairKey key) { return left_of(key) == merge.result || right_of(key) == merge.result; });
    }
    push_touched();
  }

 private:
  static constexpr std::int64_t kSmallestCount = 2;

  void count_pairs(const std::vector<std::int32_t>& ids, std::int64_t count) {
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const PairKey key = pair_key(ids[i], ids[i + 1]);
      pairs_[key].count += count;
      touched_.push_back(key);
    }
  }

  template <typename Wanted>
  void list_piece(std::int32_t index, const Wanted& wanted) {
    const auto& ids = pieces_[static_cast<std::size_t>(index)].ids;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const PairKey key = pair_key(ids[i], ids[i + 1]);
      if (!wanted(key)) continue;
      auto& holders = pairs_[key].pieces;
      if (holders.empty() || holders.back() != index) holders.push_back(index);
    }
  }

  void push_touched() {
    std::sort(touched_.begin(), touched_.end());
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    for (const PairKey key : touched_) {
      const std::int64_t count = pairs_[key].count;
      if (count >= kSmallestCount) queue_.push({count, key});
    }
    touched_.clear();
  }

  std::vector<Piece> pieces_;
  std::unordered_map<PairKey, PairInfo> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<PairKey> touched_;
};

Vocabulary byte_vocabulary() {
  Vocabulary vocabulary;
  for (const unsigned char byte : byte_order()) {
    vocabulary.tokens.emplace_back(1, static_cast<char>(byte));
  }
  return vocabulary;
}

}  // namespace

Vocabulary train_bpe(std::span<const std::string_view> texts, std::int64_t vocab_size) {
  if (vocab_size < kSmallestVocabulary) {
    fail(ErrorKind::config, "tokenizer.vocab_size: expected at least {} (256 bytes and {}), got {}",
         kSmallestVocabulary, kEndOfText, vocab_size);
  }
  Vocabulary vocabulary = byte_vocabulary();
  std::unordered_map<std::string, std::int32_t> id_of_token;
  for (const auto& token : vocabulary.tokens) {
    id_of_token.emplace(token, static_cast<std::int32_t>(id_of_token.size()));
  }
  PairCounts counts(count_pieces(texts));
  const auto wanted = static_cast<std::size_t>(vocab_size - 1);
  while (vocabulary.tokens.size() < wanted) {
    const auto best = counts.best();
    if (!best) break;
    Merge merge{left_of(*best), right_of(*best), 0};
    const std::string token = vocabulary.tokens[static_cast<std::size_t>(merge.left)] +
                              vocabulary.tokens[static_cast<std::size_t>(merge.right)];
    // Two merges may spell the same token (ab + c, a + bc): it keeps its first id.
    merge.result = id_of_token.emplace(token, static_cast<std::int32_t>(id_of_token.size())).first->second;
    if (static_cast<std::size_t>(merge.result) == vocabulary.tokens.size()) {
      vocabulary.tokens.push_back(token);
    }
    vocabulary.merges.push_back(merge);
    counts.merge(merge);
  }
  vocabulary.specials.push_back(static_cast<std::int32_t>(vocabulary.tokens.size()));
  vocabulary.tokens.emplace_back(kEndOfText);
  return vocabulary;
}

}  // namespace octet
