#include "cli/lab_frame.h"

#include "base/files/atomic_file.h"
#include "base/lower_case.h"
#include "cli/check_run.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/lab_folder.h"
#include "cli/run_folder.h"
#include "cli/stages.h"

namespace octet {
namespace {

void check_folders(const LabFrame& lab) {
  check_folder(lab.folder);
  check_lab_folder(lab.folder, lab.kind);
  for (const Run& run : lab.runs) check_run_folder(run);
}

}  // namespace

void check_names_of_runs(const std::string& list, const std::string& one, const std::vector<std::string>& names,
                         const std::set<std::string>& own_folders, Problems& problems) {
  std::set<std::string> taken = own_folders;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string key = fmt::format("{}.{}.name", list, i);
    if (file_name_for(names[i]) != names[i]) {
      problems.add(key, "expected a name of letters, digits, '-' and '_', got \"{}\"", excerpt(names[i]));
    } else if (!taken.insert(lower_case(names[i])).second) {
      problems.add(key, "expected a name that no other {} and no folder of the lab has, got \"{}\"", one, names[i]);
    }
  }
}

void validate_lab(const LabFrame& lab) {
  check_folders(lab);
  for (const Run& run : lab.runs) check_memory(run);
}

std::shared_ptr<FolderLock> open_lab(const CommonOptions& common, const LabFrame& lab, const std::string& config) {
  const RunConfig& first = lab.runs.front().config;
  use_device(first);
  check_folders(lab);
  Run outer = {RunConfig(), lab.folder};  // locked in the same way
  lock_run(outer);
  print_start(common, first.device);
  write_file_atomically(lab.folder / "config.yaml", stored_config(config));
  return outer.lock;
}

Report make_run(Run& run, ProgressSink& progress) {
  train_stage(run, progress);
  quantize_stage(run, progress);
  eval_stage(run, progress);
  return report_stage(run, progress);
}

void print_lab(const CommonOptions& common, const std::string& json, const std::string& table,
               const std::filesystem::path& page) {
  if (common.json) {
    print_exactly(json);
  } else {
    print(table + page.string() + "\n");
  }
}

}  // namespace octet
