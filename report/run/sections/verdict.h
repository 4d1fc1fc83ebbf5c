#pragma once

#include <string>
#include <vector>

#include "eval/score/interval.h"

namespace octet {

struct Report;

// What the numbers mean, in sentences: a part of the result.

/// Whether the interval of the perplexity change says that it is real.
enum class Difference { unknown, none, real_loss, real_gain };
Difference judge_difference(const Interval& ppl_increase);

/// For each quantized model a sentence on size, one on quality and one on speed.
struct Verdict {
  std::string model;
  std::string size, quality, speed;
};
std::vector<Verdict> judge_models(const Report& report);

/// "small", "large": how much a relative change of perplexity is.
std::string name_magnitude(double ratio);

/// Which of several quantized versions to take: the smallest that loses nothing, the smallest that loses little, the
/// fastest, the worst. Empty where there is only one.
std::vector<std::string> choose_models(const Report& report);

std::string verdicts_markdown(const Report& report);
/// choose_models() as a list, and judge_models().
std::string choices_html(const Report& report);
std::string verdicts_html(const Report& report);

}  // namespace octet
