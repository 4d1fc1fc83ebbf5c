#include "text/tokenized_corpus.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "text/bpe_trainer.h"

namespace octet {

namespace {

TokenSplit tokenize_runs(const Corpus& corpus, const std::vector<TextRun>& runs, const Tokenizer& tokenizer) {
  TokenSplit split;
  split.runs.resize(runs.size());
  parallel_for(static_cast<std::int64_t>(runs.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      split.runs[i] = tokenizer.encode(corpus.bytes(runs[i]));
    }
  });
  for (const TextRun& run : runs) split.bytes += run.size();
  for (const auto& run : split.runs) split.tokens += static_cast<std::int64_t>(run.size());
  return split;
}

}  // namespace

double TokenizedCorpus::bytes_per_token() const {
  return static_cast<double>(train.bytes + calibration.bytes + test.bytes) /
         static_cast<double>(train.tokens + calibration.tokens + test.tokens);
}

Vocabulary train_bpe(const Corpus& corpus, std::int64_t vocab_size, ProgressSink& progress) {
  std::vector<std::string_view> texts;
  for (const TextRun& run : corpus.split.train) texts.push_back(corpus.bytes(run));
  return train_bpe(texts, vocab_size, progress);
}

Vocabulary train_bpe(const Corpus& corpus, std::int64_t vocab_size) {
  NullProgress nobody;
  return train_bpe(corpus, vocab_size, nobody);
}

TokenizedCorpus tokenize(const Corpus& corpus, const Tokenizer& tokenizer) {
  return {corpus.path, tokenize_runs(corpus, corpus.split.train, tokenizer),
          tokenize_runs(corpus, corpus.split.calibration, tokenizer),
          tokenize_runs(corpus, corpus.split.test, tokenizer)};
}

void check_corpus_fits(const TokenizedCorpus& corpus, std::int64_t context) {
  const std::pair<const char*, const TokenSplit*> parts[] = {
      {"train", &corpus.train}, {"calibration", &corpus.calibration}, {"test", &corpus.test}};
  for (const auto& [name, split] : parts) {
    std::size_t longest = 0;
    for (const auto& run : split->runs) longest = std::max(longest, run.size());
    if (static_cast<std::int64_t>(longest) > context) continue;
    fail(ErrorKind::input,
         "{}: too short for a context of {} tokens: the longest stretch of the {} part has {} of its {} tokens; "
         "expected at least {}",
         corpus.path, context, name, longest, split->tokens, context + 1);
  }
}

}  // namespace octet
