#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct Report;

/// A number that was measured once for every seed.
struct ReportSpread {
  std::vector<double> values;  ///< in the order of ReportSeeds::seeds
  double std = kNotMeasured;   ///< of the values, with n - 1
  Interval mean;               ///< of the values, by the t distribution with n - 1 degrees of freedom

  template <class V>
  void visit(V& v) {
    v("values", values, allow_nonfinite());
    v("std", std, allow_nonfinite());
    v("mean", mean);
  }
};

struct ReportSeedModel {
  std::string name;
  ReportSpread perplexity;
  ReportSpread ppl_increase;  ///< against FP32 of the same seed, relative

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("perplexity", perplexity);
    v("ppl_increase", ppl_increase);
  }
};

/// A step of the ranking (ReportComparison), taken again by every seed.
struct ReportSeedStep {
  std::string better, worse;
  ReportSpread ppl_increase;  ///< of `worse` beside `better` of the same seed, relative

  template <class V>
  void visit(V& v) {
    v("better", better);
    v("worse", worse);
    v("ppl_increase", ppl_increase);
  }
};

/// The whole run once for every seed, on the same test windows.
struct ReportSeeds {
  bool trained = true;  ///< false: the model is a given one, and only what recipes draw differs
  double confidence = kNotMeasured;
  std::vector<std::uint64_t> seeds;  ///< train.seed of each
  std::vector<ReportSeedModel> models;
  std::vector<ReportSeedStep> comparisons;

  template <class V>
  void visit(V& v) {
    v("trained", trained);
    v("confidence", confidence, allow_nonfinite());
    v("seeds", seeds);
    v("models", models);
    v("comparisons", comparisons);
  }
};

/// How many seeds agree on a step of the ranking.
enum class SeedVerdict {
  holds,     ///< every seed has it, and the interval of their mean leaves 0 out
  too_few,   ///< every seed has it, but so few seeds may agree by chance
  disagree,  ///< another seed ranks the two models the other way round
  same,      ///< the two models are equal for every seed
  undrawn,   ///< they differ, by the same for every seed: nothing of them was drawn
  unknown
};
SeedVerdict judge_step(const ReportSeedStep& step);

/// The runs of all seeds side by side: models and steps are those of the first report. `seeds` has the seed of each.
/// Error (run) unless all reports have the models of the first.
ReportSeeds compare_seeds(std::span<const Report> reports, std::vector<std::uint64_t> seeds, bool trained);

/// What another seed changes, beside what another text would, and which steps of the ranking every seed has. Draws each
/// model's seeds beside its interval over the text.
ReportSection seeds_section();

}  // namespace octet
