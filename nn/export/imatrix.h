#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "nn/export/token_windows.h"
#include "nn/gpt.h"

namespace octet {

/// Writes what `llama-quantize --imatrix` reads: how large the inputs of each matrix are on a text.
///
///     NAME.in_sum2   F32 (1, columns)   sum of x^2 over all positions, for each column of the tensor NAME of a GGUF
///     file NAME.counts    F32 (1, 1)         positions
///
/// The importance of a column is in_sum2 / counts. Keys: general.type "imatrix", imatrix.datasets (`text`),
/// imatrix.chunk_count, imatrix.chunk_size. A tied head is counted under the name of the embedding. `made_by` stands
/// under kGgufExportedKey. Returns the number of tensors NAME.
/// Source: llama.cpp, common/imatrix-loader.cpp.
int export_imatrix(const std::filesystem::path& file, Gpt& model, const TokenWindows& windows, const std::string& text,
                   const std::string& made_by, ProgressSink& progress);

}  // namespace octet
