#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct BootstrapOptions;
struct Evaluation;

/// Two models on the same tokens.
struct ReportComparison {
  std::string better, worse;  ///< names, by perplexity
  Interval ppl_increase;      ///< of `worse` beside `better`, relative

  template <class V>
  void visit(V& v) {
    v("better", better);
    v("worse", worse);
    v("ppl_increase", ppl_increase);
  }
};

/// All models from the lowest perplexity to the highest, each beside the one before it, paired over windows. Empty
/// where there are fewer than two models or windows.
std::vector<ReportComparison> compare_neighbours(std::span<const Evaluation> evaluations,
                                                 const BootstrapOptions& options);

/// The ranking of all models, and which of its steps are real.
ReportSection comparisons_section();

}  // namespace octet
