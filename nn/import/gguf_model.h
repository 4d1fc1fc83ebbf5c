#pragma once

#include <filesystem>

#include "nn/import/import_model.h"

namespace octet {

/// A flag that export writes as false where the model has no token that begins texts, and the key for it another one.
inline constexpr const char* kGgufHasBeginKey = "octet.has_begin_of_text";

/// import_model() for a GGUF file of architecture llama or gpt2.
ImportedModel import_gguf(const std::filesystem::path& file, ProgressSink& progress, const ImportOptions& options);

}  // namespace octet
