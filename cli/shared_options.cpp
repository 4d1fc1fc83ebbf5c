#include "cli/shared_options.h"

namespace octet {

void add_config_arguments(VerbOptions& options, ConfigArguments& arguments) {
  options.text("config", arguments.config, "YAML file, built-in name or run folder").required();
  options.words("overrides", arguments.overrides, "key.path=value ...");
}

VerbOption add_any_checkpoint(VerbOptions& options, std::string& checkpoint) {
  return options.text("checkpoint", checkpoint,
                      "folder of a model, FP32 or quantized, or of a run (its best checkpoint)");
}

void add_recipe_files(VerbOptions& options, std::vector<std::string>& recipes, const std::string& help) {
  options.repeated("--recipe", recipes, help);
}

void add_kv(VerbOptions& options, std::string& kv) {
  options.choice("--kv", kv, {"f32", "int8"}, "how the cache stores keys and values: f32 or int8").shows_default();
}

}  // namespace octet
