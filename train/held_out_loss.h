#pragma once

#include <cstdint>
#include <vector>

#include "nn/gpt.h"
#include "text/tokenized_corpus.h"
#include "text/tokenizer.h"

namespace octet {

/// A quick look at text that is not trained on, many times during a run. It takes windows of the calibration part: the
/// test part stays unseen until the final evaluation, or choosing the best checkpoint by it would flatter the result.
/// The windows are the same every time, side by side (each token is predicted from what precedes it in its window), and
/// spread evenly where the part has more than wanted.
class HeldOutLoss {
 public:
  struct Result {
    double nll = 0.0;            ///< mean over tokens of -log p, nats
    double bits_per_byte = 0.0;  ///< sum of -log2 p over the bytes of the text predicted
  };

  /// `tokens` are rounded to whole windows of `context`, at least one; `rows` windows go through the model at once.
  /// Error (input) where no run is longer than `context`.
  HeldOutLoss(const TokenRuns& runs, const Tokenizer& tokenizer, std::int64_t context, std::int64_t rows,
              std::int64_t tokens);

  Result measure(Gpt& model) const;

  std::int64_t windows() const { return windows_; }
  std::int64_t bytes() const { return bytes_; }  ///< of text predicted

 private:
  std::int64_t context_;
  std::int64_t rows_;
  std::int64_t windows_ = 0;
  std::int64_t bytes_ = 0;
  std::vector<std::int32_t> inputs_;   // (windows, context)
  std::vector<std::int32_t> targets_;  // (windows, context)
};

}  // namespace octet
