#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "nn/gpt.h"
#include "nn/import/tensor_source.h"
#include "text/tokenizer.h"

namespace octet {

/// A model of another program as Octet has it.
struct ImportedModel {
  std::unique_ptr<Gpt> model;
  Tokenizer tokenizer;
  std::vector<SourceTensor> tensors;  ///< what was read
  std::vector<std::string> notes;     ///< for the user: what is not as it stood in the source
};

/// Reads a folder of Hugging Face (config.json, tokenizer.json, weights in safetensors) or a GGUF file. All weights
/// become FP32, exactly: nothing is rounded.
///
/// A tokenizer with fewer tokens than the embedding has rows gets special tokens "[PAD3]" for the rest, so that every
/// id stands for something. Errors (input) of the readers, naming file, and key or tensor.
ImportedModel import_model(const std::filesystem::path& source, ProgressSink& progress);

}  // namespace octet
