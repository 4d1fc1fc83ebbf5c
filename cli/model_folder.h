#pragma once

#include <string>

#include "cli/arguments.h"

namespace octet {

/// The folder of the model that the argument CHECKPOINT means: itself, or the best checkpoint of a run folder, with a
/// note that says so. Errors: (input) neither; names the models or runs that lie below, or how one is made, also of a
/// model of another program; (config) the folder of a lab.
std::string model_folder(const CommonOptions& common, const std::string& named);

/// The arguments of a verb with that folder as their `checkpoint`. None stays none.
template <typename Arguments>
Arguments of_model(const CommonOptions& common, Arguments arguments) {
  if (!arguments.checkpoint.empty()) arguments.checkpoint = model_folder(common, arguments.checkpoint);
  return arguments;
}

}  // namespace octet
