#include "cli/console.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "tensor/cuda/runtime.h"

namespace octet {

void configs_validate_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_run(common, arguments);
  check_run_folder(run);
  const auto progress = make_progress(common);
  check_recipes(run.config, arguments.config);  // before the text, which may be long
  const RunText text = learn_text(run, *progress);
  if (run.config.device == DeviceKind::cuda && !cuda::device().available) {
    progress->note(fmt::format("note: this machine cannot run it: {}", cuda::device().reason));
  }
  (common.json ? print_exactly : print)(common.json ? "{\"valid\": true}\n" : arguments.config + ": valid\n");
}

}  // namespace octet
