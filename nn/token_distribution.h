#pragma once

#include <cstdint>
#include <span>

namespace octet {

/// softmax(z) of one position's logits z (V), in double: p_v = exp(z_v - log_sum), log_sum = log sum_v exp(z_v).
struct TokenDistribution {
  double log_sum = 0;
  std::int32_t best = 0;  ///< the most probable token, the first of equals
};

/// Computes it; where `probabilities` (V) is not empty, it gets the p_v. Error (run) where a logit is not finite.
TokenDistribution token_distribution(std::span<const float> logits, std::span<double> probabilities = {});

/// -log p[target] in nats.
double target_nll(std::span<const float> logits, const TokenDistribution& distribution, std::int32_t target);

/// KL(p || q) = sum_v p_v (log p_v - log q_v) over the whole vocabulary, in nats. With log p_v = z_v - log_sum it is
///     sum_v p_v (z^p_v - z^q_v) - (log_sum^p - log_sum^q),
/// so equal logits give exactly 0. Rounding can leave a result of about -1e-15 elsewhere; it is raised to 0.
double kl_divergence(std::span<const double> p, std::span<const float> p_logits,
                     const TokenDistribution& p_distribution, std::span<const float> q_logits,
                     const TokenDistribution& q_distribution);

}  // namespace octet
