#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "nn/gpt.h"
#include "nn/import/fill.h"
#include "nn/import/tensor_source.h"
#include "text/tokenizer.h"

namespace octet {

/// A model of another program as Octet has it.
struct ImportedModel {
  std::unique_ptr<Gpt> model;
  Tokenizer tokenizer;
  std::vector<SourceTensor> tensors;        ///< what was read
  std::map<std::string, std::string> kept;  ///< by their names, those that are not FP32 now, with what stores them
  std::vector<std::string> notes;           ///< for the user: what is not as it stood in the source
};

/// Reads a folder of Hugging Face (config.json, tokenizer.json, weights in safetensors) or a GGUF file, whole or in
/// parts (io/gguf_parts.h). Nothing is rounded: matrices that formats of Octet hold stay as they are where the options
/// say so (nn/import/gguf_blocks.h), all other weights become FP32.
///
/// A tokenizer with fewer tokens than the embedding has rows gets special tokens "[PAD3]" for the rest, so that every
/// id stands for something. Errors (input) of the readers, naming file, and key or tensor.
ImportedModel import_model(const std::filesystem::path& source, ProgressSink& progress,
                           const ImportOptions& options = {});

}  // namespace octet
