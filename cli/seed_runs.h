#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "cli/run_config.h"
#include "report/run/report.h"

namespace octet {

// `seeds: N` of a configuration: the whole run N times, each time with other random numbers. The first is the run
// itself; the others lie below it, in seeds/2 to seeds/N, and are runs like any other. They share the split of the
// text, the tokenizer and the windows of the test. What differs is train.seed (first weights, order of the batches,
// dropout), and of each recipe calibration.seed (windows) and rotate.seed (signs): all grow by one from run to run.
// Where the model is a given one (`checkpoint`), only the recipes' seeds matter.

/// The rule of `seeds`: no seed of the training or of a recipe is so large that the others would not follow it.
void check_seeds(const RunConfig& config, Problems& problems);

/// The runs of all seeds but the first.
std::vector<Run> other_seeds(const Run& run);

/// Trains, quantizes and scores them. What is there of an earlier try goes on. No charts, speeds or samples: those are
/// of the first.
void run_other_seeds(const Run& run, ProgressSink& progress);

/// Fills report.seeds from the report of every seed. Where one is missing, or was measured with another configuration
/// than this run's, report.seeds stays empty and the notices returned say which and why.
std::vector<std::string> put_seeds(const Run& run, Report& report);

}  // namespace octet
