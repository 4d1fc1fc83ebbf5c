#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenized_corpus.h"

namespace octet {

/// Of the windows of a text that comes with no configuration, where a model may look further back.
inline constexpr std::int64_t kUsualContext = 512;

/// A stretch of L + 1 tokens to evaluate: the model reads the first L and predicts the last L. Predictions
/// first_scored ... L - 1 count; those before only give context.
struct Window {
  std::vector<std::int32_t> tokens;
  std::int64_t first_scored = 0;
  std::int64_t bytes_scored = 0;  ///< bytes of text that the scored targets stand for

  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()) - 1; }  ///< L
  std::int64_t scored() const { return length() - first_scored; }
};

/// Windows of `context` predictions (L) over each run; every token but the first of a run is scored exactly once.
///
/// Window k of a run starts `stride` tokens after window k - 1. With stride = context the windows just touch; a
/// smaller stride gives each scored token at least context - stride tokens to look back on (but for the start of a
/// run), at context / stride times the cost. The last window of a run is pushed back so that it is full as well, which
/// gives its scored tokens more context; runs of `context` tokens or fewer make one shorter window. Runs of one token
/// have nothing to score.
///
/// Error (config) unless 1 <= stride <= context.
std::vector<Window> evaluation_windows(const TokenRuns& runs, const Tokenizer& tokenizer, std::int64_t context,
                                       std::int64_t stride);

/// Windows as `llama-perplexity` of llama.cpp cuts them: `context` tokens each, touching, a rest at the end left out;
/// of each window the tokens of its second half are scored, from token context / 2 + 1 on. Where the model expects a
/// token before each text (Tokenizer::begin_of_text), it stands in place of the first token of every window.
///
/// Errors (config): a context below 4. (input): fewer tokens than one window.
/// Source: llama.cpp, tools/perplexity/perplexity.cpp.
std::vector<Window> llama_cpp_windows(const std::vector<std::int32_t>& ids, const Tokenizer& tokenizer,
                                      std::int64_t context);

}  // namespace octet
