#pragma once

#include <cstdint>
#include <vector>

#include "eval/outliers/inject.h"

namespace octet {

/// Which outliers are planted and how far they grow: the section `eval.outlier_lab` of a configuration.
struct OutlierLabConfig {
  /// k of the factors 2^k, each tried; 0 is the model as it is.
  std::vector<std::int64_t> exponents = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<OutlierPlace> places = {OutlierPlace::norms};
  std::vector<std::int64_t> channels = {0};
  std::vector<std::int64_t> layers = {};  ///< blocks; none means all
  std::int64_t windows = 32;              ///< of the test text that every model is scored on; 0: all
  /// Beside the recipes of the run, schemes that no integer kernel runs: eval/experiments/simulated_linear.h.
  bool simulated = true;

  OutlierInjection injection(std::int64_t exponent) const {
    return {.channels = channels, .layers = layers, .places = places, .exponent = exponent};
  }

  template <class V>
  void visit(V& v) {
    v("exponents", exponents, not_empty(), in_range(0, 30));
    v("places", places, not_empty());
    v("channels", channels, not_empty(), at_least(0));
    v("layers", layers, at_least(0));
    v("windows", windows, at_least(0));
    v("simulated", simulated);
  }
  void validate(Problems& problems) const;
};

}  // namespace octet
