#include "nn/token_distribution.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace octet {

TokenDistribution token_distribution(std::span<const float> logits, std::span<double> probabilities) {
  for (const float logit : logits) {
    check(std::isfinite(logit), "expected finite logits, got {}", logit);
  }
  const auto best = std::max_element(logits.begin(), logits.end());
  // exp of z - max(z) cannot overflow, and the largest term is 1.
  const double largest = *best;
  double sum = 0;
  for (std::size_t v = 0; v < logits.size(); ++v) {
    const double term = std::exp(logits[v] - largest);
    sum += term;
    if (!probabilities.empty()) {
      probabilities[v] = term;
    }
  }
  for (double& p : probabilities) {
    p /= sum;
  }
  return {largest + std::log(sum), static_cast<std::int32_t>(best - logits.begin())};
}

double target_nll(std::span<const float> logits, const TokenDistribution& distribution, std::int32_t target) {
  return distribution.log_sum - logits[static_cast<std::size_t>(target)];
}

double kl_divergence(std::span<const double> p, std::span<const float> p_logits,
                     const TokenDistribution& p_distribution, std::span<const float> q_logits,
                     const TokenDistribution& q_distribution) {
  double weighted = 0;
  for (std::size_t v = 0; v < p.size(); ++v) {
    weighted += p[v] * (static_cast<double>(p_logits[v]) - q_logits[v]);
  }
  return std::max(0.0, weighted - (p_distribution.log_sum - q_distribution.log_sum));
}

}  // namespace octet
