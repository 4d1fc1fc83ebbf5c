#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/gpt.h"

namespace octet {

// A model is a folder of two files:
//
//     config.json         {"format": "octet", "version": 1, "model": {...}, "quantization": {...}}
//     model.safetensors   every parameter under its dotted name, and what the quantized layers keep
//
// `quantization` stands only where layers are quantized. The metadata of the weights repeat `model` and the SHA-256 of
// `quantization` (JSON, keys sorted, no spaces), so that weights beside the configuration of another model are noticed.
// Whatever is wrong with either file is an ErrorKind::input that names file and tensor.

inline constexpr const char* kModelConfigFile = "config.json";
inline constexpr const char* kModelWeightsFile = "model.safetensors";

/// What a model file belongs to, in the metadata of its weights. Empty: not said, as by other tools.
struct ModelTies {
  std::string tokenizer_sha256;    ///< of tokenizer.json beside it (nn/files/model_tokenizer.h)
  std::string fp32_sha256;         ///< of a quantized model: `weights_sha256` of the FP32 model that it was made from
  std::string calibration_sha256;  ///< of the ids that its layers were observed with
  std::string made_by;             ///< "octet 0.1.0, commit f8bdb21c0a"
};

/// What quantized layers add to a model file.
struct ModelExtras {
  std::vector<NamedTensor> tensors;  ///< codes and scales
  std::string quantization;          ///< the JSON object that tells how to read them; empty: none
  ModelTies ties = {};
};

/// Writes both files, each whole or not at all; the folder is made where it is missing.
void save_model(const std::filesystem::path& folder, Gpt& model, const ModelExtras& extras = {},
                ProgressSink& progress = no_progress());

/// A new model with all weights of the folder. An error where layers are quantized: `quantization` is not empty.
std::unique_ptr<Gpt> load_model(const std::filesystem::path& folder);

/// The weights of the folder into a model that exists. An error listing the differences where its configuration is
/// another one.
void load_weights(const std::filesystem::path& folder, Gpt& model);

/// What the weights of the folder say that they belong to. Reads the header alone.
ModelTies read_model_ties(const std::filesystem::path& folder);

/// The SHA-256 by which others name the weights of the folder: the checksum of the file, which covers names, shapes,
/// metadata and every value; of a file of another tool, which has none, that of all its bytes.
std::string weights_sha256(const std::filesystem::path& folder);

// The parts, for loaders of quantized models: read the description, build the model, replace its layers, read the
// weights, load the parameters that are left.

/// The content of config.json.
struct ModelDescription {
  GptConfig config;
  std::string quantization;  ///< JSON text, empty where no layer is quantized
};
ModelDescription read_model_description(const std::filesystem::path& folder);

/// The content of model.safetensors. Errors: it belongs to another configuration, whose differences are listed, or to
/// another quantization; where the file does not say which, it may be any.
SafetensorsFile read_model_weights(const std::filesystem::path& folder, const ModelDescription& description);

/// Fills every parameter below `module`. Errors: a tensor is missing, has another shape or dtype, holds NaN or infinity
/// (its index is named), or is neither a parameter nor one of `others`.
void load_parameters(Module& module, const SafetensorsFile& file, const std::set<std::string>& others = {});

}  // namespace octet
