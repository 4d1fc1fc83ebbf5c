#pragma once

#include <cstdint>
#include <vector>

#include "eval/score/interval.h"

namespace octet {

/// One scored token: the probabilities that the reference and the model gave to the token that really follows, and
/// whether each thought it the most probable one.
struct TokenChange {
  double reference_p = 0, model_p = 0;
  bool reference_right = false, model_right = false;
};

/// What a model changed beside the reference, token by token. With dp = p(model) - p(reference) of the token that
/// really follows: noise moves dp both ways alike, damage leans to the left.
struct TokenChanges {
  std::int64_t tokens = 0;
  double rms_dp = 0;                                                  ///< sqrt(mean dp^2)
  double dp_p01 = 0, dp_p05 = 0, dp_p50 = 0, dp_p95 = 0, dp_p99 = 0;  ///< quantiles: p01 is 1 %
  std::int64_t lost = 0;    ///< the reference was right and the model is wrong
  std::int64_t gained = 0;  ///< the reverse
};

/// Errors: run where there are no tokens.
TokenChanges summarize_changes(const std::vector<TokenChange>& tokens);

/// The change of accuracy (gained - lost) / tokens with its interval. Only tokens that flip tell anything about it
/// (McNemar 1947, Psychometrika 12). With a token more on each side of the flips, p = (gained + 1) / (n + 2) and
/// q = (lost + 1) / (n + 2), the interval is
///
///     p - q +- z sqrt((p + q - (p - q)^2) / (n + 2))
///
/// Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
/// data", Journal of Educational and Behavioral Statistics 37, equation 3. Tokens count as independent. Error (run)
/// unless there are tokens and 0 < confidence < 1.
Interval accuracy_change(const TokenChanges& changes, double confidence);

/// z with P(|Z| <= z) = confidence for a standard normal Z: 1.96 for 0.95.
double normal_reach(double confidence);

}  // namespace octet
