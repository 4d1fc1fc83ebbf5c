#pragma once

#include <cstdint>

#include "base/config/field.h"
#include "eval/score/evaluator.h"
#include "eval/score/interval.h"

namespace octet {

/// How intervals are estimated: the `bootstrap` section of a configuration.
struct BootstrapOptions {
  std::int64_t resamples = 2000;  ///< the 2.5 % quantile then rests on 50 resamples
  double confidence = 0.95;
  std::uint64_t seed = 1;  ///< fixed: the same evaluations give the same interval

  template <class V>
  void visit(V& v) {
    v("resamples", resamples, in_range(1, 1'000'000));
    v("confidence", confidence, in_range(0.5, 0.9999));
    v("seed", seed);
  }
};

/// Mean over tokens of nll(model) - nll(reference), in nats: the logarithm of the ratio of perplexities.
///
/// Both models saw the same tokens, and what makes a token hard is the same for both, so the difference varies far less
/// than either loss: pairing shrinks the interval by one to two orders of magnitude. The interval is a percentile
/// bootstrap over whole windows (Efron and Tibshirani 1993, chapters 8 and 13), as tokens of a window are not
/// independent: windows are drawn with replacement, the same for both models, and the token-weighted mean is taken
/// again.
///
/// Errors: run where the two did not score the same windows, or fewer than two of them.
Interval delta_nll(const Evaluation& reference, const Evaluation& model, const BootstrapOptions& options = {});

/// Relative increase of perplexity, exp(delta) - 1 of each bound: 0.01 is 1 %.
Interval perplexity_increase(const Interval& delta);

}  // namespace octet
