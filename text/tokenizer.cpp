#include "text/tokenizer.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "base/utf8.h"
#include "text/interrupt_check.h"
#include "text/normal_form.h"
#include "text/piece_splitter.h"

namespace octet {

namespace {

/// Long enough that starting a chunk costs nothing beside encoding it, short enough to share out a small corpus.
constexpr std::int64_t kChunkBytes = 256 * 1024;

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

/// A token inside a piece that is being merged; a doubly linked list in an array.
struct Symbol {
  std::int32_t id;
  std::int32_t previous;  ///< index of the neighbour, -1 at the start
  std::int32_t next;      ///< -1 at the end
  bool gone = false;      ///< swallowed by the symbol before it
};

/// A merge that was possible at `position` when it was noted down.
struct Candidate {
  std::int32_t rank;
  std::int32_t position;
  std::int32_t result;

  /// For a queue whose top is the lowest rank, and the leftmost of equal ranks.
  friend bool operator>(const Candidate& a, const Candidate& b) {
    return std::pair(a.rank, a.position) > std::pair(b.rank, b.position);
  }
};

using CandidateQueue = std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>>;

/// Cuts that leave chunks of at least `chunk_bytes`, beginning with 0 and ending with the size.
std::vector<std::size_t> chunk_edges(std::string_view text, std::int64_t chunk_bytes) {
  std::vector<std::size_t> edges{0};
  while (edges.back() < text.size()) {
    edges.push_back(safe_cut(text, edges.back() + static_cast<std::size_t>(chunk_bytes)));
  }
  return edges;
}

}  // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {
  const std::int64_t size = vocab_size();
  const auto known = [&](std::int32_t id) { return id >= 0 && id < size; };
  // Tokens that come out of pieces of text, as against those that are looked for as they are spelled.
  std::vector<bool> of_pieces(static_cast<std::size_t>(size), true);
  special_.assign(static_cast<std::size_t>(size), false);

  // These are written as they are spelled; a JSON file holds no other bytes.
  const auto check_spelling = [&](std::int32_t id) {
    check(is_valid_utf8(token(id)), "[tokenizer] expected valid UTF-8 as the text of the special or added token {}",
          id);
  };
  for (const std::int32_t id : vocabulary_.specials) {
    check(known(id), "[tokenizer] special token {} is not among the {} tokens", id, size);
    check_spelling(id);
    special_[static_cast<std::size_t>(id)] = true;
    of_pieces[static_cast<std::size_t>(id)] = false;
    if (!token(id).empty()) added_and_special_.add(token(id), id);
  }
  for (const std::int32_t id : vocabulary_.added) {
    check(known(id), "[tokenizer] added token {} is not among the {} tokens", id, size);
    check(!token(id).empty() && !is_special(id), "[tokenizer] added token {} is empty or special", id);
    check_spelling(id);
    of_pieces[static_cast<std::size_t>(id)] = false;
    added_.add(token(id), id);
    added_and_special_.add(token(id), id);
  }
  for (const auto& id : {vocabulary_.bos, vocabulary_.eos}) {
    check(!id || known(*id), "[tokenizer] bos or eos {} is not among the {} tokens", id.value_or(0), size);
  }
  check(!vocabulary_.adds_bos || vocabulary_.bos, "[tokenizer] expected a bos token to begin texts with, got none");
  id_of_byte_.fill(-1);
  for (std::int32_t id = 0; id < size; ++id) {
    const std::string& bytes = vocabulary_.tokens[static_cast<std::size_t>(id)];
    if (!of_pieces[static_cast<std::size_t>(id)]) continue;
    if (bytes.size() == 1) id_of_byte_[static_cast<unsigned char>(bytes[0])] = id;
    if (vocabulary_.ignore_merges) whole_pieces_.emplace(bytes, id);
  }
  for (std::size_t byte = 0; byte < id_of_byte_.size(); ++byte) {
    check(id_of_byte_[byte] >= 0 || vocabulary_.leaves_out_bytes,
          "[tokenizer] expected a token for each byte, got none for 0x{:02x}", byte);
  }
  for (std::size_t rank = 0; rank < vocabulary_.merges.size(); ++rank) {
    const Merge& merge = vocabulary_.merges[rank];
    check(known(merge.left) && known(merge.right) && known(merge.result),
          "[tokenizer] merge {} names a token that is not among the {}", rank, size);
    const bool added =
        merges_
            .try_emplace(pair_key(merge.left, merge.right), RankedMerge{static_cast<std::int32_t>(rank), merge.result})
            .second;
    check(added, "[tokenizer] merge {} repeats the pair {}, {}", rank, merge.left, merge.right);
  }
}

const Tokenizer::RankedMerge* Tokenizer::find_merge(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Tokenizer::encode_piece(std::string_view piece, std::vector<std::int32_t>& out) const {
  if (vocabulary_.ignore_merges) {
    const auto whole = whole_pieces_.find(std::string(piece));
    if (whole != whole_pieces_.end()) {
      out.push_back(whole->second);
      return;
    }
  }
  std::vector<Symbol> symbols;
  for (const char byte : piece) {
    const std::int32_t id = id_of_byte_[static_cast<unsigned char>(byte)];
    const auto place = static_cast<std::int32_t>(symbols.size());
    if (id >= 0) symbols.push_back({id, place - 1, place + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;
  const auto size = static_cast<std::int32_t>(symbols.size());
  const auto at = [&](std::int32_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };

  CandidateQueue queue;
  const auto note_merge_at = [&](std::int32_t i) {
    if (i < 0 || at(i).next < 0) return;
    if (const auto* merge = find_merge(at(i).id, at(at(i).next).id)) {
      queue.push({merge->rank, i, merge->result});
    }
  };
  InterruptCheck interrupt("encoding the text");
  for (std::int32_t i = 0; i < size; ++i) {
    interrupt.step();
    note_merge_at(i);
  }
  while (!queue.empty()) {
    interrupt.step();
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = at(top.position);
    if (left.gone || left.next < 0) continue;
    Symbol& right = at(left.next);
    const auto* merge = find_merge(left.id, right.id);
    if (merge == nullptr || merge->result != top.result) continue;  // the neighbours changed meanwhile
    left.id = merge->result;
    left.next = right.next;
    right.gone = true;
    if (left.next >= 0) at(left.next).previous = top.position;
    note_merge_at(left.previous);
    note_merge_at(top.position);
  }
  for (const Symbol& symbol : symbols) {
    if (!symbol.gone) out.push_back(symbol.id);
  }
}

std::vector<std::int32_t> Tokenizer::encode_chunk(std::string_view text) const {
  struct Range {
    std::size_t begin, end;
  };
  // Most pieces occur again and again: their ids are copied from where they were first put.
  std::unordered_map<std::string_view, Range> seen;
  std::vector<std::int32_t> ids;
  InterruptCheck interrupt("encoding the text");
  PieceSplitter splitter(text, vocabulary_.pattern);
  for (auto piece = splitter.next(); !piece.empty(); piece = splitter.next()) {
    interrupt.step(piece.size());
    const auto [entry, added] = seen.try_emplace(piece);
    Range& range = entry->second;
    if (added) {
      range.begin = ids.size();
      encode_piece(piece, ids);
      range.end = ids.size();
    } else {
      for (std::size_t i = range.begin; i < range.end; ++i) ids.push_back(ids[i]);
    }
  }
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode_in_chunks(std::string_view text, std::int64_t chunk_bytes) const {
  check(chunk_bytes >= 1, "[tokenizer] expected chunks of at least 1 byte, got {}", chunk_bytes);
  std::string normalized;
  if (vocabulary_.nfc) {
    normalized = normal_form_c(text);
    text = normalized;
  }
  const std::vector<std::size_t> edges = chunk_edges(text, chunk_bytes);
  std::vector<std::vector<std::int32_t>> parts(edges.size() - 1);
  parallel_for(static_cast<std::int64_t>(parts.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      parts[i] = encode_chunk(text.substr(edges[i], edges[i + 1] - edges[i]));
    }
  });
  std::vector<std::int32_t> ids;
  for (const auto& part : parts) ids.insert(ids.end(), part.begin(), part.end());
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, SpecialText special_text) const {
  const LiteralTokens& literals = special_text == SpecialText::recognise ? added_and_special_ : added_;
  std::vector<std::int32_t> ids;
  const auto append = [&](std::string_view plain) {
    const std::vector<std::int32_t> more = encode_in_chunks(plain, kChunkBytes);
    ids.insert(ids.end(), more.begin(), more.end());
  };
  if (!literals.empty()) {
    while (const auto found = literals.first(text)) {
      append(text.substr(0, found->begin));
      ids.push_back(found->id);
      text.remove_prefix(found->begin + found->size);
    }
  }
  append(text);
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) text += token(id);
  return text;
}

const std::string& Tokenizer::token(std::int32_t id) const {
  check(id >= 0 && id < vocab_size(), "[tokenizer] expected a token id below {}, got {}", vocab_size(), id);
  return vocabulary_.tokens[static_cast<std::size_t>(id)];
}

std::int64_t Tokenizer::text_bytes(std::int32_t id) const {
  return is_special(id) ? 0 : static_cast<std::int64_t>(token(id).size());
}

bool Tokenizer::is_special(std::int32_t id) const {
  return id >= 0 && id < vocab_size() && special_[static_cast<std::size_t>(id)];
}

std::optional<std::int32_t> Tokenizer::end_of_text() const {
  if (vocabulary_.eos) return vocabulary_.eos;
  for (const std::int32_t id : vocabulary_.specials) {
    if (token(id) == kEndOfText) return id;
  }
  return std::nullopt;
}

std::optional<std::int32_t> Tokenizer::begin_of_text() const {
  return vocabulary_.adds_bos ? vocabulary_.bos : std::nullopt;
}

}  // namespace octet
