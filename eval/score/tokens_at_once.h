#pragma once

#include <algorithm>
#include <cstdint>

namespace octet {

/// How many tokens may pass through a model at once, `most` at most, so that what is kept of their logits stays below
/// 512 MiB: `bytes_per_logit` for each token and each entry of the vocabulary, 4 where they are kept in FP32 alone. At
/// least 1.
inline std::int64_t tokens_at_once(std::int64_t most, std::int64_t vocabulary, std::int64_t bytes_per_logit = 4) {
  constexpr std::int64_t kBytes = std::int64_t{512} << 20;
  return std::clamp<std::int64_t>(kBytes / (bytes_per_logit * vocabulary), 1, most);
}

}  // namespace octet
