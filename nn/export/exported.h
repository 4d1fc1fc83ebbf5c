#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/layers/gpt_config.h"

namespace octet {

/// A weight of a foreign model that was written.
struct ExportedWeight {
  std::string name;  ///< as the foreign program calls it
  std::string from;  ///< what Octet stores: "f32", "int4 per_group 32"
  std::string to;    ///< what stands in the file: "F32", "pack-quantized int4"
  double error = 0;  ///< |there - here| / |here| of all values, in the 2-norm: 0 where they are the same numbers
};

/// What an export wrote.
struct Exported {
  std::vector<ExportedWeight> weights;
  std::vector<std::string> notes;  ///< for the user: what the files do not say as Octet does
};

/// Error (config), naming `option`, where the model rotates inputs while it runs: other programs would multiply rotated
/// weights with inputs that are not.
void check_rotates_nothing(const GptConfig& config, std::string_view option);

}  // namespace octet
