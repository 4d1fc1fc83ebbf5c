#include "cli/check_run.h"
#include "cli/console.h"
#include "cli/given_model.h"
#include "cli/run_folder.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet {

void configs_validate_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_run(common, arguments);
  check_run_folder(run);
  const auto progress = make_progress(common);
  if (run.config.checkpoint.empty()) {
    check_memory(run);
    check_text(run, learn_text(run, *progress));
  } else {
    take_given_shape(run);
    check_text(run, text_for_model(run, given_folder(run), *progress));
  }
  if (run.config.device == DeviceKind::cuda && !cuda::device().available) {
    progress->note(fmt::format("note: this machine cannot run it: {}", cuda::device().reason));
  }
  (common.json ? print_exactly : print)(common.json ? "{\"valid\": true}\n" : arguments.config + ": valid\n");
}

}  // namespace octet
