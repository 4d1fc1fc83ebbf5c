#pragma once

#include "nn/files/model_file.h"

namespace octet {

// What the folder of a model (nn/files/model_file.h) holds more where layers are quantized. config.json:
//
//     "quantization": {
//       "recipe": {...},                                    what made it, for people and reports
//       "layers": {
//         "blocks.0.attention.qkv": {"format": "int4", "bits": 4, "granularity": "per_group", "group": 32,
//                                    "symmetric": true, "columns": 192, "activations": "dynamic", ...}, ...
//       }
//     }
//
// model.safetensors, for a layer PATH, in place of the FP32 tensor PATH.weight:
//
//     int8         PATH.weight.codes I8 (R, C)               PATH.weight.scales F32
//     int4         PATH.weight.codes U8 (R, ceil(C / 2))     PATH.weight.scales F16     layout: Int4Weight
//         with a minimum: codes and scales, and                PATH.weight.minimums F16
//     nf4          PATH.weight.codes U8 (R, ceil(C / 2))     PATH.weight.scales F16     layout: CodebookWeight
//         "double_quantized": true                           PATH.weight.scales I8, scale_steps F32, scale_mean F32 (1)
//     mxfp4        PATH.weight.codes as nf4                  PATH.weight.scales U8 (E8M0)
//     nvfp4        PATH.weight.codes as nf4                  PATH.weight.scales U8 (E4M3), scale_steps F32 (1): the
//                                                            tensor scale
//     table4       PATH.weight.codes as nf4                  PATH.weight.scales F16      PATH.weight.levels I8 (16)
//     entropy      PATH.weight.codes U8 (n), coded           PATH.weight.scales F32 (1)    layout: EntropyWeight
//     trellis      PATH.weight.codes U8 (ceil(R / 16), ceil(C / 16), 32 bits)
//                                                            PATH.weight.scales F16 (R)  layout: TrellisWeight
//     fp8          PATH.weight.codes U8 (R, C), E4M3         PATH.weight.scales U8 (R), E8M0
//     f16, bf16    PATH.weight F16 or BF16 (R, C)
//     "low_rank": r, beside any of them                      PATH.weight.low_rank_left F16 (R, r),
//                                                            PATH.weight.low_rank_right F16 (r, C)

/// Saves a model with or without quantized layers. `recipe` is the JSON object that made it, or empty.
void save_any_model(const std::filesystem::path& folder, Gpt& model, const std::string& recipe = {},
                    const ModelTies& ties = {}, ProgressSink& progress = no_progress());

/// Loads a model with or without quantized layers. Errors: those of load_model; a `quantization` that the weights were
/// not saved with; a layer that the model does not have, of a wrong shape, or codes and scales that break the rules of
/// its format: all ErrorKind::input, naming the layer.
std::unique_ptr<Gpt> load_any_model(const std::filesystem::path& folder);

/// The JSON object `recipe` of the folder, also where it keeps every layer; empty where none made the model.
std::string read_recipe_json(const std::filesystem::path& folder);

}  // namespace octet
