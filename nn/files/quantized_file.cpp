#include "nn/files/quantized_file.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "nn/files/read_layer.h"
#include "nn/files/write_layer.h"

namespace octet {
namespace {

using Path = std::filesystem::path;

std::map<std::string, LayerDescription> read_layers(const std::string& quantization, const std::string& name) {
  std::map<std::string, LayerDescription> layers;
  const nlohmann::json json = nlohmann::json::parse(quantization);
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_object()) {
    fail(ErrorKind::input, "{}: expected \"quantization\" to be an object with an object \"layers\"", name);
  }
  for (const auto& [path, layer] : json["layers"].items()) {
    layers[path] = from_input_json<LayerDescription>(layer, name + ": quantization.layers." + path);
  }
  return layers;
}

}  // namespace

void save_any_model(const Path& folder, Gpt& model, const std::string& recipe, const ModelTies& ties,
                    ProgressSink& progress) {
  ModelExtras extras;
  extras.ties = ties;
  nlohmann::json layers = nlohmann::json::object();
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      layers[path] = to_json(describe_layer(*matrix));
      append_layer(path, *matrix, extras.tensors);
    }
  });
  if (!layers.empty() || !recipe.empty()) {  // a recipe may keep every layer
    nlohmann::json quantization{{"layers", layers}};
    quantization["recipe"] = recipe.empty() ? nlohmann::json::object() : nlohmann::json::parse(recipe);
    extras.quantization = quantization.dump();
  }
  save_model(folder, model, extras, progress);
}

std::unique_ptr<Gpt> load_any_model(const Path& folder) {
  const ModelDescription description = read_model_description(folder);
  if (description.quantization.empty()) {
    return load_model(folder);
  }
  const std::string config_file = (folder / kModelConfigFile).string();
  auto layers = read_layers(description.quantization, config_file);
  const SafetensorsFile file = read_model_weights(folder, description);
  auto model = std::make_unique<Gpt>(description.config);

  std::set<std::string> tensors;
  std::vector<std::string> paths;
  model->for_each_child([&](const std::string& path, ChildSlot& slot) {
    paths.push_back(path);
    const auto layer = layers.find(path);
    if (layer == layers.end()) {
      return;
    }
    load_layer(path, layer->second, file, slot);
    const TensorNames names(path);
    const std::vector<std::string> of_weight = weight_tensors(names, layer->second);
    tensors.insert(of_weight.begin(), of_weight.end());
    if (layer->second.low_rank > 0) {
      tensors.insert({names.low_rank_left, names.low_rank_right});
    }
    layers.erase(layer);
  });
  if (!layers.empty()) {
    const auto near = nearest_name(layers.begin()->first, paths);
    fail(ErrorKind::input, "{}: quantization.layers: the model has no layer \"{}\"{}", config_file,
         layers.begin()->first, near ? fmt::format(", did you mean \"{}\"?", *near) : "");
  }
  load_parameters(*model, file, tensors);
  return model;
}

std::string read_recipe_json(const Path& folder) {
  const ModelDescription description = read_model_description(folder);
  if (description.quantization.empty()) {
    return {};
  }
  const nlohmann::json json = nlohmann::json::parse(description.quantization);
  return json.is_object() && json.contains("recipe") ? json["recipe"].dump() : std::string();
}

}  // namespace octet
