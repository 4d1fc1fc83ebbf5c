#pragma once

#include "cli/command_line.h"

// Options that several verbs have, in the same words.

namespace octet {

/// CONFIG and the overrides behind it.
void add_config_arguments(VerbOptions& options, ConfigArguments& arguments);

/// CHECKPOINT: an FP32 or quantized model, or a run. Use with of_model().
VerbOption add_any_checkpoint(VerbOptions& options, std::string& checkpoint);

/// Files of recipes: one after each --recipe.
void add_recipe_files(VerbOptions& options, std::vector<std::string>& recipes, const std::string& help);

/// --kv, a name of KvFormat.
void add_kv(VerbOptions& options, std::string& kv);

}  // namespace octet
