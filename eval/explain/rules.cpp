#include "eval/explain/rules.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number_text.h"
#include "eval/explain/best_input.h"

namespace octet {
namespace {

constexpr double kMuch = 0.5;    // of a range: what one channel or token has for itself
constexpr double kLittle = 0.1;  // of an error: what is not worth a remedy

template <typename Method>
const MethodError<Method>* find(const std::vector<MethodError<Method>>& errors, Method method) {
  const auto found = std::find_if(errors.begin(), errors.end(), [&](const auto& e) { return e.method == method; });
  return found == errors.end() ? nullptr : &*found;
}

/// What a method takes away of the error of another; negative where it adds.
struct Removed {
  double predicted = kNotMeasured, measured = kNotMeasured;

  std::string words() const {
    if (predicted >= 0 && measured >= 0) {
      return fmt::format("is predicted to remove {} of the error and removed {}", format_percent(predicted, 0),
                         format_percent(measured, 0));
    }
    if (predicted < 0 && measured < 0) {
      return fmt::format("is predicted to add {} to the error and added {}", format_percent(-predicted, 0),
                         format_percent(-measured, 0));
    }
    return fmt::format("is predicted to change the error by {} and changed it by {}", format_change(-predicted),
                       format_change(-measured));
  }
};

template <typename Method>
Removed removed(const std::vector<MethodError<Method>>& errors, Method method, Method from) {
  const auto *one = find(errors, method), *other = find(errors, from);
  return {1 - one->predicted / other->predicted, 1 - one->measured / other->measured};
}

Removed removed(const LayerFacts& facts, InputMethod method) {
  return removed(facts.inputs, method, InputMethod::fixed);
}

std::string number(double value) {
  return fmt::format("{:.3g}", value);
}

std::string range_rule(const LayerFacts& f) {
  const double alone = 1 - f.other_max / f.max_abs;
  if (alone >= kMuch) {
    return fmt::format("Channel {} alone uses {} of the range of the inputs: it reaches {}, all others at most {}.",
                       f.largest_channel, format_percent(alone, 0), number(f.max_abs), number(f.other_max));
  }
  if (f.usual_range <= kMuch * f.max_abs) {
    return fmt::format(
        "Few tokens use the range: the largest input is {}, in channel {}, but half of the tokens stay "
        "within {}.",
        number(f.max_abs), f.largest_channel, number(f.usual_range));
  }
  return fmt::format(
      "The range is shared: inputs reach {}, half of the tokens reach {} or more, and without the largest "
      "channel it would be {}.",
      number(f.max_abs), number(f.usual_range), number(f.other_max));
}

std::string static_rule(const LayerFacts& f) {
  const InputError& fixed = *find(f.inputs, InputMethod::fixed);
  return fmt::format(
      "One static scale for all inputs, with int8 weights, is predicted to cost {} of the output's power "
      "and cost {}. What follows is measured against that.",
      error_text(fixed.predicted), error_text(fixed.measured));
}

std::string token_rule(const LayerFacts& f) {
  const Removed gain = removed(f, InputMethod::token);
  if (gain.measured >= kLittle) {
    return fmt::format("A scale per token helps, for half of the tokens reach at most {} of {}: it {}.",
                       number(f.usual_range), number(f.max_abs), gain.words());
  }
  if (f.largest_in >= kMuch) {
    return fmt::format(
        "A scale per token cannot help: channel {} is the largest in {} of the tokens, and the scale of "
        "each must reach it. It {}.",
        f.largest_channel, format_percent(f.largest_in, 0), gain.words());
  }
  return fmt::format("A scale per token helps little, since tokens reach about as far as each other: it {}.",
                     gain.words());
}

/// SmoothQuant divides channel j of the inputs by max|x_j|^alpha / max|w_j|^(1 - alpha).
const char* amount_moved(double alpha) {
  if (alpha <= 0) return "none";
  return alpha < 1 ? "a part" : "all";
}

std::string smoothing_rule(const LayerFacts& f) {
  const InputError& smoothed = *find(f.inputs, InputMethod::smoothed);
  if (!smoothed.is_measured()) return "Smoothing is " + smoothed.note + ".";
  const Removed gain = removed(f, InputMethod::smoothed), token = removed(f, InputMethod::token);
  return fmt::format(
      "Smoothing, which moves {} of the range of the inputs into the weights (alpha {:g}, the best of "
      "those tried), {}{}.",
      amount_moved(f.smoothing_alpha), f.smoothing_alpha, gain.words(),
      gain.measured > token.measured + 0.01
          ? ""
          : ": no more than the scale per token that it comes with, since weights get harder to round");
}

std::string rotation_rule(const LayerFacts& f) {
  const InputError& rotated = *find(f.inputs, InputMethod::rotated);
  if (!rotated.is_measured()) return "Rotation is " + rotated.note + ".";
  return "A random rotation, which spreads each channel over all, " + removed(f, InputMethod::rotated).words() + ".";
}

std::string split_rule(const LayerFacts& f) {
  if (!(f.beyond_six > 0)) {
    return "Keeping outlier channels in FP32 (LLM.int8) changes nothing: no input reaches its threshold of 6.";
  }
  return fmt::format("Keeping channels that reach 6 in FP32 (LLM.int8), for {} of the values, {}.",
                     format_percent(f.beyond_six, 3), removed(f, InputMethod::split).words());
}

std::string channel_rule(const LayerFacts& f) {
  return "A scale per channel " + removed(f, InputMethod::channel).words() +
         ", but no integer product can use it: it stands inside the sum over channels, where int32 cannot divide it out.";
}

std::string clipping_rule(const LayerFacts& f) {
  if (f.clip >= 1) return "Clipping does not pay: every shorter range is predicted to lose more than it gains.";
  return fmt::format("Clipping the inputs at {} of the range, where the formula has its minimum, {}.",
                     format_percent(f.clip, 0), removed(f, InputMethod::fixed_clipped).words());
}

std::string asymmetric_rule(const LayerFacts& f) {
  return "An asymmetric grid, from the smallest input to the largest, " +
         removed(f, InputMethod::fixed_asymmetric).words() + ".";
}

std::string sides_rule(const LayerFacts& f) {
  const double share = find(f.weights, WeightMethod::row8)->measured / find(f.inputs, InputMethod::token)->measured;
  return fmt::format(
      "Of the error with a scale per token, about {} comes from the int8 weights and the rest from the "
      "inputs.",
      format_percent(std::min(share, 1.0), 0));
}

std::string weights_rule(const LayerFacts& f) {
  const auto error = [&](WeightMethod method) { return error_text(find(f.weights, method)->measured); };
  const auto words = [&](WeightMethod method) { return removed(f.weights, method, WeightMethod::group4).words(); };
  return fmt::format(
      "Weights in 4 bits cost {} with one scale for the matrix, {} with one for each row and {} with one "
      "for each 32 columns. Of that, searching the scales {}; a table of 16 levels {}; a minimum beside "
      "each scale {}.",
      error(WeightMethod::tensor4), error(WeightMethod::row4), error(WeightMethod::group4),
      words(WeightMethod::searched4), words(WeightMethod::table4), words(WeightMethod::minimum4));
}

std::string best_rule(const LayerFacts& f) {
  const InputError* best = best_input(f);
  const double times = find(f.inputs, InputMethod::fixed)->measured / best->measured;
  return fmt::format("Least is lost by: {}, {}, {:.3g} times less than by one static scale.", title_of(best->method),
                     error_text(best->measured), times);
}

template <typename Method>
void add_missed(const std::vector<MethodError<Method>>& errors, std::vector<std::string>& missed) {
  for (const auto& error : errors) {
    const double off = error.predicted / error.measured - 1;
    if (std::abs(off) > kGoodPrediction) {
      missed.push_back(fmt::format("{} ({})", title_of(error.method), format_change(off)));
    }
  }
}

std::string formula_rule(const LayerFacts& f) {
  std::vector<std::string> missed;
  add_missed(f.inputs, missed);
  add_missed(f.weights, missed);
  if (missed.empty()) {
    return fmt::format("The formulas hold here: no prediction is more than {} from what was measured.",
                       format_percent(worst_prediction(f), 0));
  }
  return fmt::format("The formulas missed by more than {} (predicted beside measured): {}.",
                     format_percent(kGoodPrediction, 0), fmt::join(missed, ", "));
}

}  // namespace

std::vector<LayerVerdict> verdicts(const LayerFacts& facts) {
  if (facts.inputs.empty() || facts.weights.empty()) {
    return {{"zero", "This layer reads or holds nothing but zeros: there is nothing to round."}};
  }
  return {
      {"range", range_rule(facts)},         {"static", static_rule(facts)},     {"token", token_rule(facts)},
      {"smoothing", smoothing_rule(facts)}, {"rotation", rotation_rule(facts)}, {"split", split_rule(facts)},
      {"channel", channel_rule(facts)},     {"clipping", clipping_rule(facts)}, {"asymmetric", asymmetric_rule(facts)},
      {"best", best_rule(facts)},           {"sides", sides_rule(facts)},       {"weights", weights_rule(facts)},
      {"formula", formula_rule(facts)}};
}

double worst_prediction(const LayerFacts& facts) {
  double worst = 0;
  for (const InputError& error : facts.inputs) {
    if (error.is_measured()) worst = std::max(worst, std::abs(error.predicted / error.measured - 1));
  }
  for (const WeightError& error : facts.weights) {
    worst = std::max(worst, std::abs(error.predicted / error.measured - 1));
  }
  return worst;
}

const char* title_of(InputMethod method) {
  switch (method) {
    case InputMethod::fixed:
      return "one static scale";
    case InputMethod::fixed_asymmetric:
      return "static, asymmetric";
    case InputMethod::fixed_clipped:
      return "static, clipped";
    case InputMethod::batch:
      return "one scale per window";
    case InputMethod::token:
      return "a scale per token";
    case InputMethod::channel:
      return "a scale per channel";
    case InputMethod::smoothed:
      return "smoothed (SmoothQuant)";
    case InputMethod::rotated:
      return "rotated";
    case InputMethod::split:
      return "outlier channels in FP32";
  }
  return "";
}

const char* title_of(WeightMethod method) {
  switch (method) {
    case WeightMethod::tensor8:
      return "int8, one scale";
    case WeightMethod::row8:
      return "int8, a scale per row";
    case WeightMethod::tensor4:
      return "int4, one scale";
    case WeightMethod::row4:
      return "int4, a scale per row";
    case WeightMethod::group4:
      return "int4, groups of 32";
    case WeightMethod::minimum4:
      return "int4, groups with a minimum";
    case WeightMethod::searched4:
      return "int4, groups, searched";
    case WeightMethod::table4:
      return "16 levels of a table";
  }
  return "";
}

std::string error_text(double error) {
  return fmt::format("{:.3g} %", 100 * error);
}

}  // namespace octet
