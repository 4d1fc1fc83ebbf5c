#include "cli/console.h"
#include "cli/stages.h"
#include "nn/gpt.h"
#include "nn/initialize.h"
#include "quant/apply_recipe.h"

namespace octet {

void configs_validate_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_run(common, arguments);
  const auto progress = make_progress(common);
  const RunText text = learn_text(run, *progress);
  for (const Recipe& recipe : run.config.quantize) {
    Gpt model(run.config.model);
    initialize(model, run.config.train.seed);
    apply_recipe(model, recipe);
  }
  print(common.json ? "{\"valid\": true}\n" : arguments.config + ": valid\n");
}

}  // namespace octet
