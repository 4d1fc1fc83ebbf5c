#pragma once

#include <string>
#include <vector>

#include "base/config/problems.h"
#include "nn/layers/gpt_config.h"
#include "quant/recipe.h"

namespace octet {

/// The rule of `low_rank`: no rank beyond the smaller side of a matrix. `paths` are the layers with a matrix, `key` is
/// that of the recipe. One problem for the first layer that breaks it.
void check_low_rank(const GptConfig& model, const Recipe& recipe, const std::vector<std::string>& paths,
                    const std::string& key, Problems& problems);

}  // namespace octet
