#pragma once

#include "cli/run_config.h"

namespace octet {

// Rules of `quantize:` that one recipe alone cannot break: of recipes beside each other, and beside the model.

/// Folders of recipes must differ, also where a file system takes "A" and "a" for the same.
void check_recipe_names(const std::vector<Recipe>& recipes, Problems& problems);

/// The rows of the outlier lab go by the names of recipes and of simulated schemes.
void check_scheme_names(const std::vector<Recipe>& recipes, const OutlierLabConfig& lab, Problems& problems);

/// Transforms, calibration and patterns of layers must fit the model.
void check_recipes(const RunConfig& config, Problems& problems);

}  // namespace octet
