#include "quant/recipe_layers.h"

#include <algorithm>
#include <map>

#include <fmt/ranges.h>

#include "base/nearest.h"
#include "nn/layers/quantized_layer.h"
#include "quant/glob.h"
#include "quant/observer.h"

namespace octet {
namespace {

std::vector<RecipeLayer> matrices_of(Gpt& model) {
  std::vector<RecipeLayer> layers;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    Module& module = slot.module();
    check(quantized_matrix_of(module) == nullptr,
          "[quantize] expected a model in FP32, got one whose layer \"{}\" is quantized", path);
    if (const auto* linear = dynamic_cast<Linear*>(&module)) {
      layers.push_back({.path = path, .slot = &slot, .weight = linear->weight.value().to(DeviceKind::cpu)});
    } else if (const auto* embedding = dynamic_cast<Embedding*>(&module)) {
      layers.push_back({.path = path, .slot = &slot, .weight = embedding->weight.value().to(DeviceKind::cpu)});
    }
  });
  return layers;
}

bool is_embedding(const RecipeLayer& layer) {
  return dynamic_cast<const EmbeddingBase*>(&layer.slot->module()) != nullptr;
}

/// The layers' paths nearest to a pattern that matches none: what it may have meant.
std::string nearest_paths(const std::string& pattern, const std::vector<RecipeLayer>& layers) {
  std::vector<std::string> paths;
  for (const RecipeLayer& layer : layers) {
    paths.push_back(layer.path);
  }
  return fmt::format("{}", fmt::join(nearest_names(pattern, paths, 3), ", "));
}

/// A pattern that matches nothing is a mistake.
void check_matches(const Recipe& recipe, const std::string& key, const std::string& pattern,
                   const std::vector<RecipeLayer>& layers) {
  if (std::none_of(layers.begin(), layers.end(),
                   [&](const RecipeLayer& layer) { return names_layer(pattern, layer.path); })) {
    fail(ErrorKind::config, "recipe \"{}\": {}: the pattern \"{}\" matches no layer; the nearest are {}", recipe.name,
         key, pattern, nearest_paths(pattern, layers));
  }
}

/// Leaves the layers that `patterns` match in a format of the file.
void keep(const Recipe& recipe, const std::vector<std::string>& patterns, const std::string& key, WeightFormat format,
          std::vector<RecipeLayer>& layers) {
  for (const std::string& pattern : patterns) {
    check_matches(recipe, key, pattern, layers);
    for (RecipeLayer& layer : layers) {
      if (names_layer(pattern, layer.path)) {
        layer.scheme.format = format;
        layer.scheme.low_rank = 0;
        layer.activations = Activations::weight_only;
        layer.reason = fmt::format("{} because {} names \"{}\"",
                                   format == WeightFormat::fp32 ? "left FP32" : "kept FP16", key, pattern);
      }
    }
  }
}

/// What the inputs of a layer with integer codes become. A table that is only looked up has no inputs.
ActivationScheme activations_of(const Recipe& recipe, const RecipeLayer& layer, bool tied_head,
                                const Calibration& calibration) {
  switch (recipe.activations) {
    case Activations::outlier_split:
      return ActivationScheme::split(static_cast<float>(recipe.threshold));
    case Activations::static_scale: {
      if (is_embedding(layer) && !tied_head) {
        return Activations::weight_only;
      }
      const InputRange& range = calibration.of(layer.path).range;
      const StaticGrid grid = static_grid(range, recipe.calibration);
      return ActivationScheme::fixed(grid.scale, grid.zero_point);
    }
    case Activations::weight_only:
    case Activations::dynamic:
      break;
  }
  return recipe.activations;
}

/// Corrections that a layer can have.
void check_low_rank(const Recipe& recipe, bool tied_head, RecipeLayer& layer) {
  const std::int64_t rank = layer.scheme.low_rank, most = std::min(layer.weight.dim(0), layer.weight.dim(1));
  if (rank > most) {
    fail(ErrorKind::config, "recipe \"{}\": layer \"{}\": low_rank: expected at most {} for a matrix {}, got {}",
         recipe.name, layer.path, most, layer.weight.shape(), rank);
  }
  if (rank > 0 && is_embedding(layer) && !tied_head) {
    layer.scheme.low_rank = 0;
    layer.add_reason("without a low-rank correction because it is only looked up and multiplies no inputs");
  }
}

void choose_schemes(const Recipe& recipe, bool tied_head, const Calibration& calibration,
                    std::vector<RecipeLayer>& layers) {
  for (const LayerScheme& entry : recipe.layers) {
    check_matches(recipe, "layers", entry.match, layers);
  }
  for (RecipeLayer& layer : layers) {
    layer.scheme = recipe.scheme_of(layer.path);
    if (const LayerScheme* entry = recipe.entry_of(layer.path)) {
      layer.reason = fmt::format("the entry \"{}\" of layers", entry->match);
    }
    check_low_rank(recipe, tied_head, layer);
    if (layer.scheme.has_codes()) {
      layer.activations = activations_of(recipe, layer, tied_head, calibration);
    }
    if (layer.scheme.format == WeightFormat::fp32) {
      layer.reason = "left FP32 because the recipe says so";
    }
  }
  keep(recipe, recipe.keep_fp16, "keep_fp16", WeightFormat::fp16, layers);
  keep(recipe, recipe.keep_fp32, "keep_fp32", WeightFormat::fp32, layers);
}

/// Why recipes leave a tensor alone that is no matrix of a layer.
std::string kind_of(const std::string& path) {
  if (path.ends_with(".gain")) {
    return "a norm gain";
  }
  if (path.ends_with(".bias")) {
    return path.find("norm.") != std::string::npos ? "a norm bias" : "a bias";
  }
  if (path.starts_with("positions.")) {
    return "learned positions, which are added and not multiplied";
  }
  return "no matrix of a linear layer";
}

CoverageRow row_of_other(const std::string& path, const Tensor& value, std::int64_t all_elements) {
  CoverageRow row{.path = path, .shape = value.shape(), .scheme = "fp32"};
  row.bytes = static_cast<std::int64_t>(value.bytes());
  row.error = quantization_error(value, value);
  row.reason = fmt::format("left FP32 because it is {} ({:.2g} % of the weights)", kind_of(path),
                           100.0 * static_cast<double>(value.elements()) / static_cast<double>(all_elements));
  return row;
}

CoverageRow row_of_layer(const RecipeLayer& layer) {
  CoverageRow row{.path = layer.path + ".weight", .shape = layer.weight.shape(), .scheme = layer.description};
  row.reason = layer.reason;
  row.bytes = layer.bytes;
  row.bits_per_weight = 8.0 * static_cast<double>(layer.bytes) / static_cast<double>(layer.weight.elements());
  row.error = layer.error;
  return row;
}

}  // namespace

void RecipeLayer::add_reason(const std::string& text) {
  reason += (reason.empty() || text.empty() ? "" : "; ") + text;
}

std::vector<RecipeLayer> recipe_layers(Gpt& model, const Recipe& recipe, const Calibration& calibration) {
  std::vector<RecipeLayer> layers = matrices_of(model);
  choose_schemes(recipe, model.config().tied_head, calibration, layers);
  return layers;
}

ParameterList parameters_of(Gpt& model) {
  ParameterList parameters;
  for (const auto& [path, parameter] : model.parameters()) {
    parameters.emplace_back(path, parameter->value());
  }
  return parameters;
}

/// A row for each parameter that the model had in FP32, in their order.
Coverage coverage_of(const ParameterList& parameters, const std::vector<RecipeLayer>& layers) {
  std::map<std::string, const RecipeLayer*> matrices;
  for (const RecipeLayer& layer : layers) {
    matrices[layer.path + ".weight"] = &layer;
  }
  std::int64_t elements = 0;
  for (const auto& [path, value] : parameters) {
    elements += value.elements();
  }
  Coverage coverage;
  for (const auto& [path, value] : parameters) {
    const auto matrix = matrices.find(path);
    coverage.rows.push_back(matrix != matrices.end() ? row_of_layer(*matrix->second)
                                                     : row_of_other(path, value.to(DeviceKind::cpu), elements));
  }
  return coverage;
}

}  // namespace octet
