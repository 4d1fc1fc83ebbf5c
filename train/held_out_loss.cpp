#include "train/held_out_loss.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "base/error.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/cross_entropy.h"

namespace octet {
namespace {

/// All windows of context + 1 tokens that share only their edges.
std::vector<std::span<const std::int32_t>> windows_of(const TokenRuns& runs, std::int64_t context) {
  std::vector<std::span<const std::int32_t>> windows;
  const auto length = static_cast<std::size_t>(context);
  for (const auto& run : runs) {
    for (std::size_t begin = 0; begin + length < run.size(); begin += length) {
      windows.push_back(std::span(run).subspan(begin, length + 1));
    }
  }
  return windows;
}

}  // namespace

HeldOutLoss::HeldOutLoss(const TokenRuns& runs, const Tokenizer& tokenizer, std::int64_t context, std::int64_t rows,
                         std::int64_t tokens)
    : context_(context), rows_(rows) {
  const auto all = windows_of(runs, context);
  if (all.empty()) {
    fail(ErrorKind::input, "[train] expected held-out text of more than {} tokens (the context) in one piece, got none",
         context);
  }
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(tokens / context), 1, all.size());
  windows_ = static_cast<std::int64_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto window = all[i * all.size() / count];
    inputs_.insert(inputs_.end(), window.begin(), window.end() - 1);
    targets_.insert(targets_.end(), window.begin() + 1, window.end());
  }
  for (const std::int32_t id : targets_) {
    bytes_ += tokenizer.text_bytes(id);
  }
}

HeldOutLoss::Result HeldOutLoss::measure(Gpt& model) const {
  const NoGrad no_grad;
  double sum = 0.0;
  for (std::int64_t first = 0; first < windows_; first += rows_) {
    const std::int64_t rows = std::min(rows_, windows_ - first);
    const auto part = [&](const std::vector<std::int32_t>& ids) {
      return Tensor::from(
          std::span(ids).subspan(static_cast<std::size_t>(first * context_), static_cast<std::size_t>(rows * context_)),
          {rows, context_});
    };
    const Tensor nll = token_nll(model.forward(part(inputs_)), part(targets_));
    for (const float value : nll.span<float>()) {
      sum += static_cast<double>(value);
    }
  }
  return {.nll = sum / static_cast<double>(targets_.size()),
          .bits_per_byte = sum / std::numbers::ln2 / static_cast<double>(bytes_)};
}

}  // namespace octet
