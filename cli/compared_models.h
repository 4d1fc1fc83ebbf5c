#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/run_config.h"
#include "eval/score/named_model.h"

namespace octet {

/// The FP32 model and those that the recipes made of it, on the device of the run.
struct ComparedModels {
  std::vector<std::filesystem::path> folders;
  std::vector<std::unique_ptr<Gpt>> owned;
  std::vector<NamedModel> named;

  void load(const std::string& name, const std::filesystem::path& folder, DeviceKind device);
};

/// Error (input) where a quantized model was made from another checkpoint than that of the run, or by another recipe:
/// it would be compared with what it does not belong to.
ComparedModels load_models(const Run& run);

}  // namespace octet
