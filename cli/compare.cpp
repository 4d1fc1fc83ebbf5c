#include "report/compare/compare.h"

#include <algorithm>
#include <system_error>

#include "base/config/record.h"
#include "base/files/missing.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/lab_folder.h"
#include "cli/run_folder.h"
#include "cli/verbs.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr int kMostRuns = 1000;

struct CompareArguments {
  std::vector<std::string> runs;  ///< folders of runs, or their report.json
};

/// report.json of a run folder, or the file itself. Error (input) where there is neither.
fs::path report_file(const std::string& place) {
  std::error_code ignored;
  const fs::path path = place;
  if (!fs::is_directory(path, ignored)) {
    if (!fs::exists(path, ignored)) fail_missing(ErrorKind::input, place, "the folder of a run or its report.json");
    return path;
  }
  refuse_lab({place, nullptr, true});
  if (!fs::exists(path / "report.json", ignored)) {
    fail(ErrorKind::input, "{}: expected report.json in the folder of a run, found none; `octet eval {}` writes it",
         place, place);
  }
  return path / "report.json";
}

std::vector<FinishedRun> read_runs(const std::vector<std::string>& places) {
  std::vector<FinishedRun> runs;
  std::vector<fs::path> files;
  for (const std::string& place : places) {
    const fs::path file = report_file(place);
    std::error_code ignored;
    const auto same = [&](const fs::path& other) { return fs::equivalent(file, other, ignored); };
    if (const auto twice = std::find_if(files.begin(), files.end(), same); twice != files.end()) {
      fail(ErrorKind::config, "{}: expected another run, got the same report as {}", place,
           places[static_cast<std::size_t>(twice - files.begin())]);
    }
    files.push_back(file);
    runs.push_back({place, read_report(file)});
  }
  return runs;
}

const Recipe* find_recipe(const RunConfig& config, const std::string& name) {
  for (const Recipe& recipe : config.quantize) {
    if (recipe.name == name) return &recipe;
  }
  return nullptr;
}

/// Of two configurations, but for their names. Recipes are matched by name, wherever they stand.
std::vector<std::string> config_differences(RunConfig a, RunConfig b) {
  std::vector<std::string> recipes;
  for (const Recipe& recipe : a.quantize) {
    const Recipe* other = find_recipe(b, recipe.name);
    if (other == nullptr) {
      recipes.push_back(fmt::format("quantize: {} -> (absent)", recipe.name));
    } else {
      for (const std::string& line : differences(recipe, *other)) {
        recipes.push_back(fmt::format("quantize {}: {}", recipe.name, line));
      }
    }
  }
  for (const Recipe& recipe : b.quantize) {
    if (find_recipe(a, recipe.name) == nullptr) recipes.push_back(fmt::format("quantize: (absent) -> {}", recipe.name));
  }
  b.name = a.name;
  a.quantize.clear();
  b.quantize.clear();
  std::vector<std::string> lines = differences(a, b);
  lines.insert(lines.end(), recipes.begin(), recipes.end());
  return lines;
}

/// Nothing, and a notice, where the configuration of the report cannot be read: that of another version of Octet.
std::optional<RunConfig> config_of(const FinishedRun& run, RunComparison& comparison) {
  try {
    return parse_config<RunConfig>(run.report.provenance.config, "provenance.config");
  } catch (const Error& error) {
    const std::string reason = error.what();
    comparison.notices.push_back(
        fmt::format("{}: its configuration cannot be compared: {}", run.place, reason.substr(0, reason.find('\n'))));
    return std::nullopt;
  }
}

void compare_configs(RunComparison& comparison, const std::vector<FinishedRun>& runs) {
  const std::optional<RunConfig> first = config_of(runs.front(), comparison);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const std::optional<RunConfig> other = config_of(runs[i], comparison);
    if (first && other) comparison.config.push_back({comparison.runs[i].run, config_differences(*first, *other)});
  }
}

/// Prints the models of all runs in one table, and which numbers may be compared; with --out a page too. Errors: input
/// for a run without a report, config for the same run given twice.
void compare_verb(const CommonOptions& common, const CompareArguments& arguments) {
  if (!common.out.empty()) check_writable(common.out);
  const std::vector<FinishedRun> runs = read_runs(arguments.runs);
  RunComparison comparison = compare_runs(runs);
  compare_configs(comparison, runs);
  const fs::path folder = common.out;
  if (!common.out.empty()) {
    draw_comparison(comparison, folder);
    write_comparison(folder, comparison);
  }
  if (common.json) {
    print_exactly(record_to_json(comparison));
    return;
  }
  print(comparison_table(comparison));
  if (!common.out.empty()) print("\n" + (folder / "compare.html").string() + "\n");
}

}  // namespace

void add_compare(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("compare", "the models of several runs in one table, with --out on one page", compare_verb);
  options.words("runs", arguments.runs, "folders of runs, or their report.json")
      .required()
      .expected(2, kMostRuns)
      .not_blank();
  options.without({"--seed", "--device", "--math"});
}

}  // namespace octet
