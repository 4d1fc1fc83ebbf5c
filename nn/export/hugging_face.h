#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/progress.h"
#include "io/safetensors.h"
#include "nn/export/exported.h"
#include "nn/gpt.h"
#include "text/tokenizer.h"

namespace octet {

// Folders that Hugging Face's transformers loads.

inline constexpr const char* kHfConfigFile = "config.json";
inline constexpr const char* kHfWeightsFile = "model.safetensors";
inline constexpr const char* kHfTokenizerFile = "tokenizer.json";
inline constexpr const char* kHfTokenizerConfigFile = "tokenizer_config.json";

/// A key in the metadata of the weights that tells that they were exported by Octet, and which version of it.
inline constexpr const char* kExportedKey = "octet_export";

/// Writes a model of GPT-2 or Llama shape in FP32 to an existing folder, with its tokenizer. All numbers stay as they
/// are; quantized weights are dequantized, and a note says so. `made_by` is the program with its version.
Exported export_hugging_face(const std::filesystem::path& folder, Gpt& model, const Tokenizer& tokenizer,
                             const std::string& made_by, ProgressSink& progress = no_progress());

/// The part that all such folders share: everything from the content of config.json, and the tensors.
void write_hugging_face_folder(const std::filesystem::path& folder, const nlohmann::ordered_json& config,
                               const std::vector<NamedTensor>& tensors, const GptConfig& model,
                               const Tokenizer& tokenizer, const std::string& made_by,
                               ProgressSink& progress = no_progress());

}  // namespace octet
