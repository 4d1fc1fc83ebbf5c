#pragma once

#include <filesystem>

#include "nn/import/import_model.h"

namespace octet {

/// import_model() for a GGUF file of architecture llama or gpt2.
ImportedModel import_gguf(const std::filesystem::path& file, ProgressSink& progress, const ImportOptions& options);

}  // namespace octet
