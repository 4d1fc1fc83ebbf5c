#include "eval/score/token_changes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "eval/score/quantile.h"

namespace octet {

TokenChanges summarize_changes(const std::vector<TokenChange>& tokens) {
  check(!tokens.empty(), "[token changes] expected scored tokens, got none");
  TokenChanges changes;
  changes.tokens = static_cast<std::int64_t>(tokens.size());
  std::vector<double> differences;
  double squares = 0;
  for (const TokenChange& token : tokens) {
    const double difference = token.model_p - token.reference_p;
    differences.push_back(difference);
    squares += difference * difference;
    changes.lost += token.reference_right && !token.model_right ? 1 : 0;
    changes.gained += !token.reference_right && token.model_right ? 1 : 0;
  }
  std::sort(differences.begin(), differences.end());
  changes.rms_dp = std::sqrt(squares / static_cast<double>(tokens.size()));
  changes.dp_p01 = sorted_quantile(differences, 0.01);
  changes.dp_p05 = sorted_quantile(differences, 0.05);
  changes.dp_p50 = sorted_quantile(differences, 0.50);
  changes.dp_p95 = sorted_quantile(differences, 0.95);
  changes.dp_p99 = sorted_quantile(differences, 0.99);
  return changes;
}

double normal_reach(double confidence) {
  check(confidence > 0 && confidence < 1, "[token changes] expected a confidence between 0 and 1, got {}", confidence);
  double low = 0, high = 40;  // erfc(40 / sqrt 2) is 0
  for (int step = 0; step < 80; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::numbers::sqrt2) > 1 - confidence ? low : high) = middle;
  }
  return low;
}

Interval accuracy_change(const TokenChanges& changes, double confidence) {
  check(changes.tokens > 0, "[token changes] expected scored tokens, got none");
  const auto tokens = static_cast<double>(changes.tokens);
  const auto gained = static_cast<double>(changes.gained), lost = static_cast<double>(changes.lost);
  const double p = (gained + 1) / (tokens + 2), q = (lost + 1) / (tokens + 2);
  const double reach = normal_reach(confidence) * std::sqrt((p + q - (p - q) * (p - q)) / (tokens + 2));
  return {(gained - lost) / tokens, p - q - reach, p - q + reach};
}

}  // namespace octet
