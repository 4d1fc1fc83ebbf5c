#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "io/gguf_types.h"
#include "nn/export/exported.h"
#include "nn/gpt.h"
#include "text/tokenizer.h"

namespace octet {

/// A key that tells which version of Octet made a file.
inline constexpr const char* kGgufExportedKey = "octet.export";

struct GgufOptions {
  const GgufType* type = nullptr;  ///< of all matrices, one that is made from values; null: as the checkpoint has them
  std::string name;                ///< of the model, for people
  std::string made_by;             ///< the program with its version
};

/// Writes a model with its tokenizer as a GGUF file of architecture llama or gpt2 (io/gguf.h), whole or not at all.
///
/// Norms, biases and positions are F32. A matrix in FP32 gets the wished type, else F32. A quantized one keeps codes
/// and scales where the wished type holds them, or without a wish the smallest type that does
/// (nn/import/gguf_blocks.h); else its values are rounded once more, to the wished type or Q8_0. The error of each
/// weight is measured on what the file will be read as.
///
/// Errors: (config) rows that are no multiple of a block, a number beyond the type, both naming the tensor; (input) a
/// tokenizer that GGUF cannot tell.
Exported export_gguf(const std::filesystem::path& file, Gpt& model, const Tokenizer& tokenizer,
                     const GgufOptions& options, ProgressSink& progress);

}  // namespace octet
