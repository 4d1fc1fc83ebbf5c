#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/config_source.h"
#include "cli/run_config.h"
#include "cli/stored_config.h"
#include "report/run/report.h"

// What every lab does around its own measurements: it reads a configuration, makes several runs in folders below its
// own, and prints what came of them. How other verbs treat such a folder stands in cli/lab_folder.h.

namespace octet {

/// A lab as seen by what does not ask what it measures.
struct LabFrame {
  std::string kind;  ///< kEntropyLab or kNaturalLab
  std::filesystem::path folder;
  std::vector<Run> runs;  ///< at least one, all on the same device
};

/// Reads the configuration of a lab with the overrides of the command line, as read_run() reads that of a run. Error
/// (config) naming all problems.
template <class Config>
Config read_lab_config(const CommonOptions& common, const ConfigArguments& arguments, const ConfigSource& source) {
  note_source(common, source);
  const std::vector<std::string> overrides = all_overrides(common, arguments, Stage::train);
  if (source.builtin != nullptr) {
    return parse_config<Config>(*source.builtin, "built-in " + source.name, overrides);
  }
  if (source.is_run) check_whole_config(source.file());
  return read_config<Config>(source.file().string(), overrides);
}

/// A problem for each name that cannot be that of a folder beside the others, also where a file system takes "A" and
/// "a" for the same. `list` is the key of those who have the names ("sources"), `one` what each is called ("source"),
/// `own_folders` what the lab itself writes.
void check_names_of_runs(const std::string& list, const std::string& one, const std::vector<std::string>& names,
                         const std::set<std::string>& own_folders, Problems& problems);

/// All that can be checked without running: the folders of the lab and of its runs, as check_run_folder() does, and the
/// memory.
void validate_lab(const LabFrame& lab);

/// Begins the work: takes the device, checks and locks the folder, says on stderr what runs, and stores `config` (YAML)
/// as config.yaml. Held until the lock goes. Errors: those of check_run_folder() and lock_run().
[[nodiscard]] std::shared_ptr<FolderLock> open_lab(const CommonOptions& common, const LabFrame& lab,
                                                   const std::string& config);

/// All stages of one run; what is there of an earlier try goes on.
Report make_run(Run& run, ProgressSink& progress);

/// Prints the table of a lab and the file that holds its page; with --json the results.
void print_lab(const CommonOptions& common, const std::string& json, const std::string& table,
               const std::filesystem::path& page);

}  // namespace octet
