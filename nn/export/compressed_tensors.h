#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "nn/export/exported.h"
#include "nn/gpt.h"
#include "text/tokenizer.h"

namespace octet {

/// Writes a quantized model of Llama shape to an existing folder in the form of compressed-tensors, which transformers
/// and vLLM load. Per Linear P of Hugging Face:
///
///     codes of up to 4 bits   pack-quantized   P.weight_packed I32 (out, ceil(in / 8)), P.weight_shape I64 (2)
///     others                  int-quantized    P.weight I8 (out, in)
///         both                                 P.weight_scale F32 (out, groups), (out, 1) or (1)
///     static activations                       P.input_scale F32 (1), P.input_zero_point I8 (1)
///
/// Symmetric integer codes and their scales are written as they are, those of table4 and entropy as int8. Weights
/// without such codes are rounded anew to int8 with a scale per row (ExportedWeight::error). Embedding and head, and
/// layers in FP16, BF16 or FP32, are written in FP32.
///
/// Errors (config): a model of GPT-2 shape, or without quantized layers; a layer, by name, whose rows are no multiple
/// of its group.
Exported export_compressed_tensors(const std::filesystem::path& folder, Gpt& model, const Tokenizer& tokenizer,
                                   const std::string& made_by, ProgressSink& progress = no_progress());

}  // namespace octet
