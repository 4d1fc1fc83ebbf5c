#include "eval/score/windows.h"

#include <algorithm>

#include "base/error.h"

namespace octet {

namespace {

/// The window that begins at `start`, of which the targets before `scored_up_to` have been scored already.
Window make_window(const std::vector<std::int32_t>& run, std::int64_t start, std::int64_t length,
                   std::int64_t scored_up_to, const Tokenizer& tokenizer) {
  Window window;
  window.tokens.assign(run.begin() + start, run.begin() + start + length + 1);
  window.first_scored = scored_up_to - start;
  for (auto target = window.tokens.begin() + 1 + window.first_scored; target != window.tokens.end(); ++target) {
    window.bytes_scored += tokenizer.text_bytes(*target);
  }
  return window;
}

}  // namespace

std::vector<Window> evaluation_windows(const TokenRuns& runs, const Tokenizer& tokenizer, std::int64_t context,
                                       std::int64_t stride) {
  if (stride < 1 || stride > context) {
    fail(ErrorKind::config, "stride: expected 1 to the context of {}, got {}", context, stride);
  }
  std::vector<Window> windows;
  for (const auto& run : runs) {
    const auto targets = static_cast<std::int64_t>(run.size()) - 1;
    const std::int64_t length = std::min(context, targets);
    std::int64_t scored = 0;
    for (std::int64_t start = 0; scored < targets; start += stride) {
      start = std::min(start, targets - length);
      windows.push_back(make_window(run, start, length, scored, tokenizer));
      scored = start + length;
    }
  }
  return windows;
}

std::vector<Window> llama_cpp_windows(const std::vector<std::int32_t>& ids, const Tokenizer& tokenizer,
                                      std::int64_t context) {
  constexpr std::int64_t kLeast = 4;  // one token is scored
  if (context < kLeast) {
    fail(ErrorKind::config, "context: expected at least {} for windows of llama.cpp, got {}", kLeast, context);
  }
  const auto count = static_cast<std::int64_t>(ids.size()) / context;
  if (count == 0) {
    fail(ErrorKind::input, "expected a text of at least {} tokens, one window, got {}", context, ids.size());
  }
  std::vector<Window> windows;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t start = k * context;
    windows.push_back(make_window(ids, start, context - 1, start + context / 2, tokenizer));
    if (const auto begin = tokenizer.begin_of_text()) windows.back().tokens.front() = *begin;
  }
  return windows;
}

}  // namespace octet
