#include "nn/generation/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.h"

namespace octet {
namespace {

void check_logits(std::span<const float> logits) {
  const auto nan = std::find_if(logits.begin(), logits.end(), [](float logit) { return std::isnan(logit); });
  check(nan == logits.end(), "[sample] expected numbers as logits, got NaN for token {}", nan - logits.begin());
  const auto best = std::max_element(logits.begin(), logits.end());
  check(best != logits.end() && std::isfinite(*best), "[sample] expected a finite largest logit, got {}",
        best == logits.end() ? NAN : *best);
}

/// The ids of the `count` largest logits, the likeliest first.
std::vector<std::int32_t> likeliest(std::span<const float> logits, std::int64_t count) {
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto likelier = [&](std::int32_t a, std::int32_t b) {
    const float logit_a = logits[static_cast<std::size_t>(a)];
    const float logit_b = logits[static_cast<std::size_t>(b)];
    return logit_a != logit_b ? logit_a > logit_b : a < b;
  };
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), likelier);
  ids.resize(static_cast<std::size_t>(count));
  return ids;
}

}  // namespace

std::int32_t sample(std::span<const float> logits, const SamplingOptions& options, float uniform) {
  check_logits(logits);
  if (options.temperature <= 0.0) {
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }

  const auto vocabulary = static_cast<std::int64_t>(logits.size());
  const std::int64_t count = options.top_k > 0 ? std::min(options.top_k, vocabulary) : vocabulary;
  const std::vector<std::int32_t> ids = likeliest(logits, count);

  // cumulative[i]: unnormalised probability of ids[0..i]
  std::vector<double> cumulative;
  const double largest = logits[static_cast<std::size_t>(ids.front())];
  double total = 0.0;
  for (const std::int32_t id : ids) {
    total += std::exp((logits[static_cast<std::size_t>(id)] - largest) / options.temperature);
    cumulative.push_back(total);
  }

  const auto nucleus_end = std::lower_bound(cumulative.begin(), cumulative.end() - 1, options.top_p * total);
  const double target = uniform * *nucleus_end;
  const auto chosen = std::upper_bound(cumulative.begin(), nucleus_end, target);
  return ids[static_cast<std::size_t>(chosen - cumulative.begin())];
}

}  // namespace octet
