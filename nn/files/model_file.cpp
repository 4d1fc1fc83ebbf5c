#include "nn/files/model_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/ranges.h>

#include "base/config/config.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "nn/cost.h"

namespace octet {
namespace {

using Path = std::filesystem::path;

constexpr const char* kFormat = "octet";
constexpr std::int64_t kVersion = 1;
// In the metadata of the weights.
constexpr const char* kConfigKey = "octet_config";
constexpr const char* kQuantizationKey = "octet_quantization_sha256";
constexpr const char* kTokenizerKey = "octet_tokenizer_sha256";
constexpr const char* kFp32Key = "octet_fp32_sha256";
constexpr const char* kCalibrationKey = "octet_calibration_sha256";
constexpr const char* kMadeByKey = "octet_made_by";

/// The part of config.json that has a fixed form.
struct ConfigFile {
  std::string format = kFormat;
  std::int64_t version = kVersion;
  GptConfig model;

  template <class V>
  void visit(V& v) {
    v("format", format, required(), one_of(kFormat));
    v("version", version, required(), one_of(kVersion));
    v("model", model, required());
  }
};

void check_same(const GptConfig& of_file, const GptConfig& expected, const Path& path) {
  const std::vector<std::string> different = differences(of_file, expected);
  if (!different.empty()) {
    fail(ErrorKind::input, "{}: expected the weights of this model, got those of another (weights -> model): {}",
         path.string(), fmt::join(different, ", "));
  }
}

void put_ties(const ModelTies& ties, std::map<std::string, std::string>& metadata) {
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      metadata[key] = value;
    }
  };
  put(kTokenizerKey, ties.tokenizer_sha256);
  put(kFp32Key, ties.fp32_sha256);
  put(kCalibrationKey, ties.calibration_sha256);
  put(kMadeByKey, ties.made_by);
}

/// Weights that say nothing about a quantization are in FP32 or were written before they did.
void check_same_quantization(const SafetensorsFile& weights, const std::string& quantization, const Path& folder) {
  const auto written_for = weights.metadata().find(kQuantizationKey);
  if (written_for == weights.metadata().end()) {
    return;
  }
  const std::string found = quantization.empty() ? "none" : "one of SHA-256 " + sha256_hex(quantization);
  if (found != "one of SHA-256 " + written_for->second) {
    fail(ErrorKind::input, "{}: expected the \"quantization\" that {} was saved with, of SHA-256 {}, got {}",
         (folder / kModelConfigFile).string(), kModelWeightsFile, written_for->second, found);
  }
}

bool has_entropy_coded(const std::string& quantization) {
  const nlohmann::json json = nlohmann::json::parse(quantization, nullptr, false);
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_object()) {
    return false;
  }
  const auto& layers = json["layers"];
  return std::any_of(layers.begin(), layers.end(), [](const nlohmann::json& layer) {
    return layer.is_object() && layer.contains("format") && layer["format"] == "entropy";
  });
}

/// Before a model is made: a wrong number in config.json must not ask for terabytes. A value takes two bits or more,
/// but for an entropy coder, to which equal ones cost nothing: then the memory that is there decides.
void check_size(const SafetensorsFile& file, const GptConfig& config, const std::string& quantization) {
  if (has_entropy_coded(quantization)) {
    try {
      check_memory(4.0 * static_cast<double>(parameter_count(config)), "the parameters that it describes");
    } catch (const Error& error) {
      fail(ErrorKind::input, "{}: {}", (file.path().parent_path() / kModelConfigFile).string(), error.what());
    }
    return;
  }
  std::int64_t bytes = 0;
  for (const std::string& name : file.names()) {
    bytes += static_cast<std::int64_t>(file.at(name).bytes());
  }
  const std::int64_t parameters = parameter_count(config);
  if (parameters / 4 > bytes) {
    fail(ErrorKind::input, "{}: expected the {} parameters that {} describes, got {} bytes of tensors",
         file.path().string(), parameters, kModelConfigFile, bytes);
  }
}

void check_tensor(const Tensor& tensor, const Tensor& parameter, const std::string& name, const Path& path) {
  if (tensor.shape() != parameter.shape() || tensor.dtype() != parameter.dtype()) {
    fail(ErrorKind::input, "{}: tensor \"{}\": expected {} {}, got {} {}", path.string(), name,
         name_of(parameter.dtype()), parameter.shape(), name_of(tensor.dtype()), tensor.shape());
  }
  const std::span<float> values = tensor.span<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    fail(ErrorKind::input, "{}: tensor \"{}\": expected finite values, got {} at index {}", path.string(), name, *bad,
         bad - values.begin());
  }
}

}  // namespace

void save_model(const Path& folder, Gpt& model, const ModelExtras& extras, ProgressSink& progress) {
  make_folder(folder);
  std::vector<NamedTensor> tensors;
  for (const auto& [path, parameter] : model.parameters()) {
    tensors.push_back({path, parameter->value()});
  }
  tensors.insert(tensors.end(), extras.tensors.begin(), extras.tensors.end());

  ConfigFile file;
  file.model = model.config();
  nlohmann::json json = to_json(file);
  std::map<std::string, std::string> metadata = {{kConfigKey, to_json(model.config()).dump()}};
  if (!extras.quantization.empty()) {
    check(nlohmann::json::accept(extras.quantization), "[save_model] expected JSON as quantization, got {}",
          extras.quantization);
    json["quantization"] = nlohmann::json::parse(extras.quantization);
    metadata[kQuantizationKey] = sha256_hex(json["quantization"].dump());
  }
  put_ties(extras.ties, metadata);
  write_safetensors(folder / kModelWeightsFile, tensors, metadata, progress);
  write_file_atomically(folder / kModelConfigFile, json.dump(2) + "\n");
}

std::unique_ptr<Gpt> load_model(const Path& folder) {
  const ModelDescription description = read_model_description(folder);
  if (!description.quantization.empty()) {
    fail(ErrorKind::input, "{}: expected a model in FP32, got one with quantized layers",
         (folder / kModelConfigFile).string());
  }
  const SafetensorsFile weights = read_model_weights(folder, description);
  auto model = std::make_unique<Gpt>(description.config);
  load_parameters(*model, weights);
  return model;
}

void load_weights(const Path& folder, Gpt& model) {
  load_parameters(model, read_model_weights(folder, {model.config(), {}}));
}

ModelTies read_model_ties(const Path& folder) {
  const SafetensorsHeader header = read_safetensors_header(folder / kModelWeightsFile);
  const auto value = [&](const char* key) {
    const auto found = header.metadata.find(key);
    return found == header.metadata.end() ? std::string() : found->second;
  };
  return {.tokenizer_sha256 = value(kTokenizerKey),
          .fp32_sha256 = value(kFp32Key),
          .calibration_sha256 = value(kCalibrationKey),
          .made_by = value(kMadeByKey)};
}

std::string weights_sha256(const Path& folder) {
  const Path path = folder / kModelWeightsFile;
  const SafetensorsHeader header = read_safetensors_header(path);
  const auto checksum = header.metadata.find(kChecksumKey);
  return checksum != header.metadata.end() ? checksum->second : sha256_hex(read_text_file(path));
}

ModelDescription read_model_description(const Path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    fail(ErrorKind::input, "{}: expected a folder with {} and {}, found none", folder.string(), kModelConfigFile,
         kModelWeightsFile);
  }
  const Path path = folder / kModelConfigFile;
  nlohmann::json json = parse_json(read_text_file(path), path.string());
  ModelDescription description;
  if (json.is_object() && json.contains("quantization")) {
    description.quantization = json["quantization"].dump();
    json.erase("quantization");
  }
  description.config = from_input_json<ConfigFile>(json, path.string()).model;
  return description;
}

SafetensorsFile read_model_weights(const Path& folder, const ModelDescription& description) {
  const Path path = folder / kModelWeightsFile;
  SafetensorsFile file = SafetensorsFile::read(path);
  const auto written_for = file.metadata().find(kConfigKey);
  if (written_for != file.metadata().end()) {
    const std::string name = path.string() + " (" + kConfigKey + ")";
    check_same(from_input_json<GptConfig>(parse_json(written_for->second, name), name), description.config, path);
  }
  check_same_quantization(file, description.quantization, folder);
  check_size(file, description.config, description.quantization);
  return file;
}

void load_parameters(Module& module, const SafetensorsFile& file, const std::set<std::string>& others) {
  std::set<std::string> known = others;
  for (const auto& [path, parameter] : module.parameters()) {
    const Tensor& tensor = file.at(path);
    check_tensor(tensor, parameter->value(), path, file.path());
    parameter->set_value(tensor);
    known.insert(path);
  }
  for (const std::string& name : file.names()) {
    if (!known.contains(name)) {
      fail(ErrorKind::input, "{}: tensor \"{}\": expected only tensors of the model, got one it does not have",
           file.path().string(), name);
    }
  }
}

}  // namespace octet
