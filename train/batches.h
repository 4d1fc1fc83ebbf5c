#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenized_corpus.h"

namespace octet {

/// Rows of text to learn from: `targets` is `inputs` one token further on.
struct Batch {
  std::vector<std::int32_t> inputs;   ///< (B, T) row-major
  std::vector<std::int32_t> targets;  ///< (B, T)
  std::int64_t rows = 0;              ///< B
  std::int64_t context = 0;           ///< T
};

/// Deals out windows of the training runs in shuffled epochs without replacement.
///
/// In each epoch a run of n + 1 tokens is laid out in ceil(n / T) + 1 windows of T: all starts are shifted by an
/// offset in [0, T) that is drawn anew for each epoch, and the first and last window are pushed back into the
/// run. So every token except the first of a run is a target once, near the ends of a run sometimes twice, and epochs
/// do not see the same windows. Then all windows are shuffled (Fisher and Yates).
///
/// Batch k is a pure function of (runs, context, rows, seed, k): resuming needs the number k alone.
class BatchSampler {
 public:
  /// `runs` must outlive the sampler. Runs of `context` tokens or fewer are not used; error (input) if none is longer.
  BatchSampler(const TokenRuns& runs, std::int64_t context, std::int64_t rows, std::uint64_t seed);

  /// Batch number `index`, counted from 0. Not const: it remembers the order of the epoch it is in.
  Batch batch(std::int64_t index);

  /// The same number for every epoch.
  std::int64_t windows_per_epoch() const { return windows_; }

  /// Epochs that are done after `batches` batches.
  double epochs(std::int64_t batches) const;

 private:
  struct Window {
    std::size_t run;
    std::int64_t start;
  };

  void lay_out(std::int64_t epoch);

  const TokenRuns& runs_;
  std::int64_t context_;
  std::int64_t rows_;
  std::uint64_t seed_;
  std::int64_t windows_ = 0;
  std::int64_t epoch_ = -1;  ///< whose windows `order_` holds
  std::vector<Window> order_;
};

}  // namespace octet
