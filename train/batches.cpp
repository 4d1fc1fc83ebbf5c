#include "train/batches.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace octet {

namespace {

/// Targets in a run: every token but the first. 0 for a run that cannot fill a window.
std::int64_t usable_targets(const std::vector<std::int32_t>& run, std::int64_t context) {
  const auto targets = static_cast<std::int64_t>(run.size()) - 1;
  return targets < context ? 0 : targets;
}

std::int64_t windows_in(std::int64_t targets, std::int64_t context) {
  return targets == 0 ? 0 : (targets + context - 1) / context + 1;
}

}  // namespace

BatchSampler::BatchSampler(const TokenRuns& runs, std::int64_t context, std::int64_t rows, std::uint64_t seed)
    : runs_(runs), context_(context), rows_(rows), seed_(seed) {
  check(context >= 1 && rows >= 1, "[batches] expected context and rows of at least 1, got {} and {}", context, rows);
  for (const auto& run : runs_) windows_ += windows_in(usable_targets(run, context_), context_);
  if (windows_ == 0) {
    fail(ErrorKind::input, "[batches] expected a run of more than {} tokens (the context), got {} shorter ones",
         context_, runs_.size());
  }
}

double BatchSampler::epochs(std::int64_t batches) const {
  return static_cast<double>(batches) * static_cast<double>(rows_) / static_cast<double>(windows_);
}

void BatchSampler::lay_out(std::int64_t epoch) {
  const Random offsets(seed_, hash_name("batches.offsets"));
  const Random shuffle(seed_, hash_name("batches.shuffle"));
  // Numbers of one epoch have the indices from here on; 2^32 windows are enough.
  const std::uint64_t base = static_cast<std::uint64_t>(epoch) << 32;

  order_.clear();
  for (std::size_t run = 0; run < runs_.size(); ++run) {
    const std::int64_t targets = usable_targets(runs_[run], context_);
    const auto offset = static_cast<std::int64_t>(offsets.below(base + run, static_cast<std::uint64_t>(context_)));
    for (std::int64_t k = 0; k < windows_in(targets, context_); ++k) {
      order_.push_back({run, std::clamp<std::int64_t>((k - 1) * context_ + offset, 0, targets - context_)});
    }
  }
  for (std::size_t i = order_.size() - 1; i > 0; --i) {
    std::swap(order_[i], order_[shuffle.below(base + i, i + 1)]);
  }
  epoch_ = epoch;
}

Batch BatchSampler::batch(std::int64_t index) {
  check(index >= 0, "[batches] expected a batch number of at least 0, got {}", index);
  Batch batch;
  batch.rows = rows_;
  batch.context = context_;
  for (std::int64_t row = 0; row < rows_; ++row) {
    const std::int64_t sample = index * rows_ + row;
    if (sample / windows_ != epoch_) lay_out(sample / windows_);
    const Window& window = order_[static_cast<std::size_t>(sample % windows_)];
    const auto begin = runs_[window.run].begin() + window.start;
    batch.inputs.insert(batch.inputs.end(), begin, begin + context_);
    batch.targets.insert(batch.targets.end(), begin + 1, begin + context_ + 1);
  }
  return batch;
}

}  // namespace octet
