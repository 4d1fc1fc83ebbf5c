#include "cli/console.h"
#include "cli/device.h"
#include "cli/entropy_lab.h"
#include "cli/natural_lab.h"
#include "cli/run_folder.h"
#include "cli/seed_runs.h"
#include "cli/shared_options.h"
#include "cli/stages.h"
#include "cli/verbs.h"

namespace octet {

namespace {

void run_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  const ConfigSource source = find_config_source(arguments.config);
  if (is_entropy_lab(source)) {
    entropy_lab_verb(common, read_entropy_lab(common, arguments, source));
    return;
  }
  if (is_natural_lab(source)) {
    natural_lab_verb(common, read_natural_lab(common, arguments, source));
    return;
  }
  Run run = read_run(common, arguments);
  use_device(run.config);
  check_run_folder(run);
  lock_existing_run(run);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  train_stage(run, *progress);
  quantize_stage(run, *progress);
  eval_stage(run, *progress);
  run_other_seeds(run, *progress);
  print_report(common, report_stage(run, *progress), run.report_page());
}

}  // namespace

void add_run(VerbList& verbs) {
  auto [options, arguments] = verbs.add("run", "train, quantize every recipe, evaluate, report", run_verb);
  add_config_arguments(options, arguments);
}

}  // namespace octet
