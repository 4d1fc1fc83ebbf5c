#pragma once

#include <algorithm>
#include <cstdint>

#include "base/config/field.h"

namespace octet {

/// How a static scale is found from the inputs that were seen (quant/observer.h). Each is a rule for the limit c of the
/// int8 grid: larger magnitudes are clipped to it, the others take steps of c / 127.
enum class Observer { percentile, moving_average, mse, kl };

template <>
inline constexpr auto enum_names<Observer> = std::to_array<EnumName<Observer>>({
    {Observer::percentile, "percentile"},
    {Observer::moving_average, "moving_average"},
    {Observer::mse, "mse"},
    {Observer::kl, "kl"},
});

/// Attention takes time with the square of a window, and longer ones show a layer little that is new.
inline constexpr std::int64_t kLongestCalibration = 2048;

/// What the model reads of the calibration part of the text while the inputs of each layer are observed, and how static
/// scales are found from that: the `calibration` section of a recipe.
struct CalibrationConfig {
  std::int64_t windows = 32;  ///< spread evenly over the calibration part
  std::int64_t context = 0;   ///< tokens of a window; 0: the model's context, at most kLongestCalibration
  std::int64_t seed =
      0;  ///< which windows: 0 takes the first of each of `windows` equal parts, others draw one of each
  Observer observer = Observer::percentile;
  /// Of `percentile`: the share of the inputs that the int8 grid reaches, in percent. 100 is the largest magnitude of
  /// all, the rule known as absmax or min-max; less clips the largest few and gives the others smaller steps.
  double percentile = 100.0;
  /// false: the grid reaches from the smallest to the largest input, with a zero point (min-max).
  bool symmetric = true;

  /// Tokens of a window for a model of this context.
  std::int64_t context_of(std::int64_t model_context) const {
    return context > 0 ? context : std::min(model_context, kLongestCalibration);
  }

  bool operator==(const CalibrationConfig&) const = default;

  template <class V>
  void visit(V& v) {
    v("windows", windows, at_least(1));
    v("context", context, at_least(0));
    v("seed", seed, at_least(0));
    v("observer", observer);
    v("percentile", percentile, in_range(50, 100));
    v("symmetric", symmetric);
  }
};

}  // namespace octet
