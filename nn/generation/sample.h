#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/config/field.h"

namespace octet {

/// How text is generated: the `sampling` section of a configuration.
struct SamplingOptions {
  std::int64_t max_tokens = 200;
  double temperature = 0.8;  ///< divides the logits; 0: always the likeliest token
  std::int64_t top_k = 40;   ///< only the k likeliest; 0, or more than there are: all
  double top_p = 0.95;       ///< of these the fewest whose probabilities sum to p; 1: all
  std::uint64_t seed = 1;
  std::optional<std::int32_t> stop_token;  ///< generation ends before this token

  template <class V>
  void visit(V& v) {
    v("max_tokens", max_tokens, at_least(0));
    v("temperature", temperature, in_range(0.0, 1000.0));
    v("top_k", top_k, at_least(0));
    v("top_p", top_p, in_range(0.0, 1.0));
    v("seed", seed);
    v("stop_token", stop_token, at_least(0));
  }
};

/// Draws a token from softmax(logits / temperature), cut to the `top_k` likeliest tokens and of these to the smallest
/// set that holds at least `top_p` of their probability (nucleus sampling: Holtzman et al. 2019,
/// https://arxiv.org/abs/1904.09751, section 3.1). `uniform` in [0, 1) picks along the cumulative distribution, the
/// likeliest token first. Among equal logits the lower id counts as the likelier. A pure function: same arguments,
/// same token. An error where a logit is NaN or none is finite.
std::int32_t sample(std::span<const float> logits, const SamplingOptions& options, float uniform);

}  // namespace octet
