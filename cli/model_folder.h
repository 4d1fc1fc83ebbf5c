#pragma once

#include <string>

#include "cli/verbs.h"

namespace octet {

/// The folder of the model that the argument CHECKPOINT means: itself, or the best checkpoint of a run folder, with a
/// note that says so. Errors (input): neither; names the models that lie below, or how one is made.
std::string model_folder(const CommonOptions& common, const std::string& named);

}  // namespace octet
