#pragma once

#include <filesystem>

#include "nn/import/import_model.h"

namespace octet {

/// import_model() for a folder.
ImportedModel import_hugging_face(const std::filesystem::path& folder, ProgressSink& progress,
                                  const ImportOptions& options);

}  // namespace octet
