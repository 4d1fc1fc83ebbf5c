#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "text/corpus.h"
#include "text/tokenizer.h"

namespace octet {

/// Stretches of tokens that are contiguous in the source; a window of text never reaches from one into the next.
using TokenRuns = std::vector<std::vector<std::int32_t>>;

struct TokenSplit {
  TokenRuns runs;
  std::int64_t bytes = 0;   ///< of text
  std::int64_t tokens = 0;  ///< in all runs
};

struct TokenizedCorpus {
  std::string path;  ///< of the corpus, for messages
  TokenSplit train;
  TokenSplit calibration;
  TokenSplit test;

  /// Of the whole text: how much a token stands for.
  double bytes_per_token() const;
};

/// Learns a vocabulary from the training part alone; the other parts stay unseen.
Vocabulary train_bpe(const Corpus& corpus, std::int64_t vocab_size, ProgressSink& progress);
Vocabulary train_bpe(const Corpus& corpus, std::int64_t vocab_size);

/// Error (interrupted) after Ctrl-C.
TokenizedCorpus tokenize(const Corpus& corpus, const Tokenizer& tokenizer);

/// Error (input) with the figures unless train, calibration and test each hold a run of more than `context` tokens.
void check_corpus_fits(const TokenizedCorpus& corpus, std::int64_t context);

}  // namespace octet
