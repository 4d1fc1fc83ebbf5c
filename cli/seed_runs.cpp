#include "cli/seed_runs.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "cli/console.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "nn/files/model_file.h"
#include "quant/transforms/transform.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// What is measured once is measured of the first seed.
EvalConfig scores_only(EvalConfig eval) {
  eval.attribution_windows = 0;
  eval.outlier_lab.reset();
  return eval;
}

/// Other numbers of everything that a recipe draws. It may not set what it does not use.
void shift_seeds(Recipe& recipe, std::int64_t shift) {
  if (reads_text(recipe)) recipe.calibration.seed += shift;
  if (rotates(recipe)) recipe.rotate.seed += static_cast<std::uint64_t>(shift);
}

/// The run whose seeds are larger by `shift`, 1 to seeds - 1. A configuration whose seeds have no room for that is
/// refused when it is read.
Run run_of_seed(const Run& run, std::int64_t shift) {
  Run other = {run.config, run.folder / "seeds" / std::to_string(shift + 1), run.verb};
  other.config.seeds = 1;
  other.config.train.seed += static_cast<std::uint64_t>(shift);
  for (Recipe& recipe : other.config.quantize) shift_seeds(recipe, shift);
  other.config.eval = scores_only(other.config.eval);
  return other;
}

/// The first key in which the configuration of a report differs from this one; empty where it measured the same. Where
/// a run is done, on what device, and where the text lies does not matter.
std::string difference(const Report& report, const RunConfig& wanted) {
  RunConfig found = parse_config<RunConfig>(report.provenance.config, "provenance.config");
  found.device = wanted.device;
  found.math = wanted.math;
  found.corpus.path = wanted.corpus.path;
  found.corpus.name = wanted.corpus.name;
  found.train.resume = wanted.train.resume;
  found.eval = scores_only(found.eval);
  const std::vector<std::string> different = differences(found, wanted);
  return different.empty() ? "" : different.front();
}

/// What the report of another seed lacks of the models of the first; empty: nothing.
std::string missing_model(const Report& first, const Report& other) {
  for (const ReportModel& wanted : first.models) {
    const auto found = std::find_if(other.models.begin(), other.models.end(),
                                    [&](const ReportModel& model) { return model.name == wanted.name; });
    if (found == other.models.end() || !(found->perplexity >= 1)) return wanted.name;
  }
  return "";
}

/// Why the report of another seed cannot stand beside that of the first; empty where it can.
std::string unfit(const Run& other, const Report& first, const Report& report) {
  if (const std::string missing = missing_model(first, report); !missing.empty()) {
    return fmt::format("its report.json has no perplexity of at least 1 of the model {}", missing);
  }
  std::error_code ignored;
  if (fs::exists(other.best_checkpoint() / kModelWeightsFile, ignored) &&
      weights_sha256(other.best_checkpoint()) != report.models.front().weights_sha256) {
    return "its model has other weights by now";
  }
  try {
    const std::string different = difference(report, other.config);
    return different.empty() ? "" : "it was measured with another configuration (there -> here: " + different + ")";
  } catch (const Error& error) {  // of another version of Octet
    return fmt::format("its configuration cannot be read: {}", error.what());
  }
}

}  // namespace

void check_seeds(const RunConfig& config, Problems& problems) {
  const auto more = static_cast<std::uint64_t>(config.seeds - 1);
  const auto check = [&](const std::string& key, std::uint64_t seed, std::uint64_t largest) {
    if (seed > largest - more) {
      problems.add(key, "expected at most {} beside `seeds: {}`, for each seed is larger by 1, got {}", largest - more,
                   config.seeds, seed);
    }
  };
  check("train.seed", config.train.seed, std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i < config.quantize.size(); ++i) {
    const std::string key = fmt::format("quantize.{}.", i);
    check(key + "rotate.seed", config.quantize[i].rotate.seed, std::numeric_limits<std::uint64_t>::max());
    check(key + "calibration.seed", static_cast<std::uint64_t>(config.quantize[i].calibration.seed),
          std::numeric_limits<std::int64_t>::max());
  }
}

std::vector<Run> other_seeds(const Run& run) {
  std::vector<Run> others;
  for (std::int64_t shift = 1; shift < run.config.seeds; ++shift) others.push_back(run_of_seed(run, shift));
  return others;
}

void run_other_seeds(const Run& run, ProgressSink& progress) {
  for (Run& other : other_seeds(run)) {
    stop_if_interrupted("the run");
    progress.note(
        fmt::format("seed {} of {}: {}", other.folder.filename().string(), run.config.seeds, other.folder.string()));
    train_stage(other, progress);
    quantize_stage(other, progress);
    eval_stage(other, progress, EvalScope::scores);
  }
}

std::vector<std::string> put_seeds(const Run& run, Report& report) {
  report.seeds.reset();
  if (run.config.seeds == 1 || report.models.empty()) return {};
  std::vector<Report> reports = {report};
  std::vector<std::uint64_t> seeds = {run.config.train.seed};
  for (const Run& other : other_seeds(run)) {
    std::error_code ignored;
    std::string reason = "it is not finished";
    if (fs::exists(other.report_file(), ignored)) {
      reports.push_back(read_report(other.report_file()));
      reason = unfit(other, report, reports.back());
    }
    if (!reason.empty()) {
      return {fmt::format("The spread over seeds was left out because of {}: {}. `octet run {}` makes it.",
                          other.folder.string(), reason, run.folder.string())};
    }
    seeds.push_back(other.config.train.seed);
  }
  report.seeds = compare_seeds(reports, std::move(seeds), run.config.checkpoint.empty());
  return {};
}

}  // namespace octet
