#pragma once

#include "cli/arguments.h"

namespace octet {

/// `octet configs validate`: reads a configuration and checks all that can be checked without running: keys, the corpus
/// and its size, the recipes' patterns against the layers of the model, the output folder.
void validate_verb(const CommonOptions& common, const ConfigArguments& arguments);

}  // namespace octet
