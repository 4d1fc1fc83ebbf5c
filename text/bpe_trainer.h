#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "text/vocabulary.h"

namespace octet {

/// 256 bytes and the end-of-text token: no byte-level vocabulary is smaller.
inline constexpr std::int64_t kSmallestVocabulary = 257;

/// Learns a byte-level BPE vocabulary: ids 0-255 are the bytes in the order of `byte_order()`, then one token per
/// merge, and `<|endoftext|>` last.
///
/// Each step merges the pair of neighbouring tokens that occurs most often inside pieces (see `PieceSplitter`);
/// among equally frequent pairs the one with the smaller left id, then the smaller right id. The result depends on
/// nothing else, and equals that of the Hugging Face `BpeTrainer` with the ByteLevel alphabet and
/// `min_frequency` 2. Pairs that occur once are not merged: when none occurs twice, training ends with a smaller
/// vocabulary than asked for.
///
/// Merges never join two `texts`. The time is about proportional to the text, with spaces or without.
/// Errors: (config) when `vocab_size` < 257; (interrupted) after Ctrl-C.
/// Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL 2016,
/// section 3.2, algorithm 1.
Vocabulary train_bpe(std::span<const std::string_view> texts, std::int64_t vocab_size, ProgressSink& progress);

/// The same without reports.
Vocabulary train_bpe(std::span<const std::string_view> texts, std::int64_t vocab_size);

}  // namespace octet
