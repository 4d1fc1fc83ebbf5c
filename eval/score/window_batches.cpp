#include "eval/score/window_batches.h"

#include <algorithm>

#include "base/random.h"

namespace octet {
namespace {

void check_window(const Window& window, std::size_t index) {
  check(window.first_scored >= 0 && window.scored() > 0,
        "[evaluate] expected window {} to score some of its {} predictions, got those from {} on", index,
        window.length(), window.first_scored);
}

}  // namespace

std::vector<WindowBatch> make_batches(std::span<const Window> windows, std::int64_t batch_tokens) {
  std::vector<WindowBatch> batches;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    check_window(windows[w], w);
    const std::int64_t length = windows[w].length();
    const bool joins = !batches.empty() && windows[batches.back().first].length() == length &&
                       static_cast<std::int64_t>(batches.back().count + 1) * length <= batch_tokens;
    if (joins) {
      ++batches.back().count;
    } else {
      batches.push_back({w, 1});
    }
  }
  return batches;
}

std::vector<Window> pick_windows(std::vector<Window> windows, std::int64_t count, std::uint64_t seed) {
  const auto size = static_cast<std::int64_t>(windows.size());
  if (count == 0 || count >= size) {
    return windows;
  }
  const Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = i * size / count, end = (i + 1) * size / count;
    const auto index = static_cast<std::uint64_t>(i), size_of_part = static_cast<std::uint64_t>(end - first);
    const std::int64_t chosen = first + static_cast<std::int64_t>(seed == 0 ? 0 : random.below(index, size_of_part));
    if (chosen != i) {  // never before i
      windows[static_cast<std::size_t>(i)] = std::move(windows[static_cast<std::size_t>(chosen)]);
    }
  }
  windows.resize(static_cast<std::size_t>(count));
  return windows;
}

Tensor window_inputs(std::span<const Window> windows) {
  const std::int64_t length = windows.front().length();
  Tensor ids = Tensor::empty({static_cast<std::int64_t>(windows.size()), length}, DType::i32);
  auto* out = ids.data<std::int32_t>();
  for (const Window& window : windows) {
    out = std::copy_n(window.tokens.begin(), length, out);
  }
  return ids;
}

std::vector<Tensor> input_batches(std::span<const Window> windows, std::int64_t batch_tokens) {
  std::vector<Tensor> inputs;
  for (const WindowBatch& batch : make_batches(windows, batch_tokens)) {
    inputs.push_back(window_inputs(batch.of(windows)));
  }
  return inputs;
}

}  // namespace octet
