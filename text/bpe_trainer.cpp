#include "text/bpe_trainer.h"

#include <array>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "text/byte_unicode.h"
#include "text/interrupt_check.h"
#include "text/pair_counts.h"
#include "text/piece_splitter.h"

namespace octet {

namespace {

std::vector<CountedPiece> count_pieces(std::span<const std::string_view> texts,
                                       const std::function<void(std::size_t bytes)>& work_done) {
  std::unordered_map<std::string_view, std::size_t> index;
  std::vector<CountedPiece> pieces;
  for (const std::string_view text : texts) {
    PieceSplitter splitter(text);
    for (auto piece = splitter.next(); !piece.empty(); piece = splitter.next()) {
      const auto [entry, added] = index.try_emplace(piece, pieces.size());
      if (added) pieces.push_back({piece, 0});
      ++pieces[entry->second].count;
      work_done(piece.size());
    }
  }
  return pieces;
}

std::array<std::int32_t, 256> ids_of_bytes() {
  std::array<std::int32_t, 256> id_of_byte{};
  for (std::size_t id = 0; id < 256; ++id) id_of_byte[byte_order()[id]] = static_cast<std::int32_t>(id);
  return id_of_byte;
}

Vocabulary byte_vocabulary() {
  Vocabulary vocabulary;
  for (const unsigned char byte : byte_order()) {
    vocabulary.tokens.emplace_back(1, static_cast<char>(byte));
  }
  return vocabulary;
}

}  // namespace

Vocabulary train_bpe(std::span<const std::string_view> texts, std::int64_t vocab_size, ProgressSink& progress) {
  if (vocab_size < kSmallestVocabulary) {
    fail(ErrorKind::config, "tokenizer.vocab_size: expected at least {} (256 bytes and {}), got {}",
         kSmallestVocabulary, kEndOfText, vocab_size);
  }
  Vocabulary vocabulary = byte_vocabulary();
  std::unordered_map<std::string, std::int32_t> id_of_token;
  for (const auto& token : vocabulary.tokens) {
    id_of_token.emplace(token, static_cast<std::int32_t>(id_of_token.size()));
  }
  const auto wanted = static_cast<std::size_t>(vocab_size - 1);
  ProgressUpdate update{.task = "tokenizer", .unit = "merge", .total = vocab_size - kSmallestVocabulary};
  update.rate_unit = "merges";
  InterruptCheck interrupt("learning the tokenizer");
  progress.update(update);
  const auto pieces = count_pieces(texts, [&](std::size_t bytes) {
    if (interrupt.step(bytes)) progress.update(update);
  });
  PairCounts counts(pieces, ids_of_bytes(), [&] {
    interrupt.look();
    progress.update(update);
  });
  while (vocabulary.tokens.size() < wanted) {
    const auto best = counts.best();
    if (!best) break;
    Merge merge{best->left, best->right, 0};
    const std::string token = vocabulary.tokens[static_cast<std::size_t>(merge.left)] +
                              vocabulary.tokens[static_cast<std::size_t>(merge.right)];
    // Two merges may spell the same token (ab + c, a + bc): it keeps its first id.
    merge.result = id_of_token.emplace(token, static_cast<std::int32_t>(id_of_token.size())).first->second;
    if (static_cast<std::size_t>(merge.result) == vocabulary.tokens.size()) {
      vocabulary.tokens.push_back(token);
    }
    vocabulary.merges.push_back(merge);
    counts.merge(merge);
    ++update.done;
    interrupt.look();
    progress.update(update);
  }
  progress.finish(update);
  vocabulary.specials.push_back(static_cast<std::int32_t>(vocabulary.tokens.size()));
  vocabulary.tokens.emplace_back(kEndOfText);
  return vocabulary;
}

Vocabulary train_bpe(std::span<const std::string_view> texts, std::int64_t vocab_size) {
  NullProgress nobody;
  return train_bpe(texts, vocab_size, nobody);
}

}  // namespace octet
