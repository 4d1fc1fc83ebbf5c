#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/score/windows.h"
#include "tensor/tensor.h"

namespace octet {

/// Consecutive windows of equal length that pass through a model together.
struct WindowBatch {
  std::size_t first = 0;  ///< index of the first window
  std::size_t count = 0;  ///< B

  std::span<const Window> of(std::span<const Window> windows) const { return windows.subspan(first, count); }
};

/// Cuts the list into batches of at most `batch_tokens` tokens, or of one window where that is longer. Errors: run
/// where a window has less than two tokens or scores none of them.
std::vector<WindowBatch> make_batches(std::span<const Window> windows, std::int64_t batch_tokens);

/// At most `count` of the windows, one of each of so many equal parts of the list; 0 keeps all. `seed` 0 takes the
/// first of each part, others draw one.
std::vector<Window> pick_windows(std::vector<Window> windows, std::int64_t count, std::uint64_t seed = 0);

/// All tokens of each window but the last, which is only predicted: (B, T) of i32.
Tensor window_inputs(std::span<const Window> windows);

/// The inputs of all batches of make_batches().
std::vector<Tensor> input_batches(std::span<const Window> windows, std::int64_t batch_tokens);

}  // namespace octet
