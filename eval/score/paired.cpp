#include "eval/score/paired.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "eval/score/quantile.h"

namespace octet {
namespace {

/// What one window adds to the mean: sum of differences / tokens.
struct PairedWindow {
  double difference;
  double tokens;
};

std::vector<PairedWindow> pair_windows(const Evaluation& reference, const Evaluation& model) {
  check(reference.windows.size() == model.windows.size(),
        "[delta_nll] expected \"{}\" to have scored the {} windows of \"{}\", got {}", model.name,
        reference.windows.size(), reference.name, model.windows.size());
  std::vector<PairedWindow> pairs;
  for (std::size_t w = 0; w < model.windows.size(); ++w) {
    const WindowScore& expected = reference.windows[w];
    const WindowScore& found = model.windows[w];
    check(expected.tokens == found.tokens, "[delta_nll] expected window {} of \"{}\" to score {} tokens, got {}", w,
          model.name, expected.tokens, found.tokens);
    pairs.push_back({found.nll - expected.nll, static_cast<double>(found.tokens)});
  }
  return pairs;
}

double token_weighted_mean(const std::vector<PairedWindow>& pairs) {
  PairedWindow total{};
  for (const PairedWindow& pair : pairs) {
    total.difference += pair.difference;
    total.tokens += pair.tokens;
  }
  return total.difference / total.tokens;
}

/// The mean of as many windows as there are, drawn with replacement; resample r has random numbers of its own.
double resampled_mean(const std::vector<PairedWindow>& pairs, const Random& random, std::uint64_t r) {
  PairedWindow total{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PairedWindow& pair = pairs[random.below(r * pairs.size() + i, pairs.size())];
    total.difference += pair.difference;
    total.tokens += pair.tokens;
  }
  return total.difference / total.tokens;
}

}  // namespace

Interval delta_nll(const Evaluation& reference, const Evaluation& model, const BootstrapOptions& options) {
  const std::vector<PairedWindow> pairs = pair_windows(reference, model);
  check(pairs.size() >= 2,
        "[delta_nll] expected at least 2 windows to estimate an interval from, got {}: use a longer "
        "test text or a shorter context",
        pairs.size());
  check(options.resamples >= 1 && options.confidence > 0 && options.confidence < 1,
        "[delta_nll] expected at least 1 resample and a confidence between 0 and 1, got {} and {}", options.resamples,
        options.confidence);
  const Random random(options.seed, hash_name("bootstrap"));
  std::vector<double> means(static_cast<std::size_t>(options.resamples));
  constexpr std::int64_t kResamplesPerChunk = 64;
  parallel_for(options.resamples, kResamplesPerChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      means[static_cast<std::size_t>(r)] = resampled_mean(pairs, random, static_cast<std::uint64_t>(r));
    }
  });
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  return {token_weighted_mean(pairs), sorted_quantile(means, tail), sorted_quantile(means, 1 - tail)};
}

Interval perplexity_increase(const Interval& delta) {
  return {std::expm1(delta.mean), std::expm1(delta.low), std::expm1(delta.high)};
}

}  // namespace octet
