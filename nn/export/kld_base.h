#pragma once

#include <filesystem>

#include "base/progress.h"
#include "nn/export/token_windows.h"
#include "nn/gpt.h"

namespace octet {

/// Writes the logits of a model as `llama-perplexity --kl-divergence` reads them, which compares those of a GGUF file
/// with them.
///
///     "_logits_", i32 n, i32 vocabulary V, i32 windows, i32 tokens[windows][n]
///     for each window and its positions n / 2 .. n - 2:
///         f32 step, f32 lowest log-probability, u16 code[V], and a u16 of 0 where V is odd
///
/// log-probability = lowest + step code, rounded to nearest; what lies more than 16 below the likeliest token counts as
/// 16 below. Source: llama.cpp, tools/perplexity/perplexity.cpp.
void export_kld_base(const std::filesystem::path& file, Gpt& model, const TokenWindows& windows,
                     ProgressSink& progress);

}  // namespace octet
