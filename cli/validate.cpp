#include "cli/validate.h"

#include "cli/check_run.h"
#include "cli/console.h"
#include "cli/entropy_lab.h"
#include "cli/given_model.h"
#include "cli/natural_lab.h"
#include "cli/run_folder.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet {
namespace {

void print_valid(const CommonOptions& common, const std::string& name) {
  (common.json ? print_exactly : print)(common.json ? "{\"valid\": true}\n" : name + ": valid\n");
}

}  // namespace

void validate_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  const ConfigSource source = find_config_source(arguments.config);
  if (is_entropy_lab(source)) {
    validate_entropy_lab(read_entropy_lab(common, arguments, source));
    print_valid(common, arguments.config);
    return;
  }
  if (is_natural_lab(source)) {
    validate_natural_lab(read_natural_lab(common, arguments, source));
    print_valid(common, arguments.config);
    return;
  }
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
  print_valid(common, arguments.config);
}

}  // namespace octet
