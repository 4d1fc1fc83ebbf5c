#include "quant/apply_recipe.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/ranges.h>

#include "base/nearest.h"
#include "nn/layers/quantized_embedding.h"
#include "nn/layers/quantized_layer.h"
#include "nn/layers/quantized_linear.h"
#include "quant/fp32_model.h"
#include "quant/glob.h"
#include "quant/layer_order.h"
#include "quant/observer.h"

namespace octet {
namespace {

/// A layer with a matrix, in its slot, with what shall become of it.
struct Layer {
  std::string path;
  ChildSlot* slot;
  Tensor weight;
  WeightScheme scheme = {};
  ActivationScheme activations = Activations::weight_only;
  std::string reason = {};
  std::unique_ptr<Module> original = nullptr;  // null: left FP32
  std::string description = "fp32";
  std::int64_t bytes = 0;
  QuantizationError error = {};
};

std::vector<Layer> matrices_of(Gpt& model) {
  std::vector<Layer> layers;
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

bool is_embedding(const Layer& layer) {
  return dynamic_cast<const EmbeddingBase*>(&layer.slot->module()) != nullptr;
}

/// The layers' paths nearest to a pattern that matches none: what it may have meant.
std::string nearest_paths(const std::string& pattern, const std::vector<Layer>& layers) {
  std::vector<std::string> paths;
  for (const Layer& layer : layers) {
    paths.push_back(layer.path);
  }
  return fmt::format("{}", fmt::join(nearest_names(pattern, paths, 3), ", "));
}

/// A pattern that matches nothing is a mistake.
void check_matches(const Recipe& recipe, const std::string& key, const std::string& pattern,
                   const std::vector<Layer>& layers) {
  if (std::none_of(layers.begin(), layers.end(),
                   [&](const Layer& layer) { return names_layer(pattern, layer.path); })) {
    fail(ErrorKind::config, "recipe \"{}\": {}: the pattern \"{}\" matches no layer; the nearest are {}", recipe.name,
         key, pattern, nearest_paths(pattern, layers));
  }
}

/// Leaves the layers that `patterns` match in a format of the file.
void keep(const Recipe& recipe, const std::vector<std::string>& patterns, const std::string& key, WeightFormat format,
          std::vector<Layer>& layers) {
  for (const std::string& pattern : patterns) {
    check_matches(recipe, key, pattern, layers);
    for (Layer& layer : layers) {
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
ActivationScheme activations_of(const Recipe& recipe, const Layer& layer, bool tied_head,
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
void check_low_rank(const Recipe& recipe, bool tied_head, Layer& layer) {
  const std::int64_t rank = layer.scheme.low_rank, most = std::min(layer.weight.dim(0), layer.weight.dim(1));
  if (rank > most) {
    fail(ErrorKind::config, "recipe \"{}\": layer \"{}\": low_rank: expected at most {} for a matrix {}, got {}",
         recipe.name, layer.path, most, layer.weight.shape(), rank);
  }
  if (rank > 0 && is_embedding(layer) && !tied_head) {
    layer.scheme.low_rank = 0;
    layer.reason = "without a low-rank correction because it is only looked up and multiplies no inputs";
  }
}

void choose_schemes(const Recipe& recipe, bool tied_head, const Calibration& calibration, std::vector<Layer>& layers) {
  for (const LayerScheme& entry : recipe.layers) {
    check_matches(recipe, "layers", entry.match, layers);
  }
  for (Layer& layer : layers) {
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

/// Rounds the layer and puts the quantized one in its slot; layer.original is the one before.
void quantize(const Recipe& recipe, Layer& layer, const LayerMoments* inputs) {
  layer.bytes = static_cast<std::int64_t>(layer.weight.bytes());
  layer.error = quantization_error(layer.weight, layer.weight);
  if (layer.scheme.format == WeightFormat::fp32) {
    return;
  }
  try {
    QuantizedMatrixResult result = quantize_matrix(layer.weight, layer.scheme, inputs);
    layer.reason += (layer.reason.empty() || result.remark.empty() ? "" : "; ") + result.remark;
    auto quantized =
        quantized_layer(layer.slot->module(), std::move(result.weight), layer.activations, std::move(result.low_rank));
    const QuantizedMatrix& matrix = *quantized_matrix_of(*quantized);
    layer.bytes = matrix.bytes();
    layer.error = quantization_error(layer.weight, matrix);
    layer.description = matrix.describe();
    layer.original = layer.slot->replace(std::move(quantized));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("recipe \"{}\": layer \"{}\": {}", recipe.name, layer.path, error.what()));
  }
}

/// Counts layers that are done.
class LayerProgress {
 public:
  LayerProgress(ProgressSink& sink, std::size_t layers)
      : sink_(sink),
        now_{.task = "quantize", .unit = "layer", .total = static_cast<std::int64_t>(layers), .rate_unit = "layers"} {
    sink_.update(now_);
  }

  void done(const Layer& layer) {
    ++now_.done;
    const double rms = std::pow(10.0, -layer.error.snr_db / 20.0);
    now_.detail = fmt::format("{}  relative error {:.2g}", layer.path, rms);
    sink_.update(now_);
  }
  void finish() { sink_.finish(now_); }

 private:
  ProgressSink& sink_;
  ProgressUpdate now_;
};

void quantize_all(Gpt& model, const Recipe& recipe, const Calibration& calibration, std::vector<Layer>& layers,
                  LayerProgress& progress) {
  const bool with_mismatch = std::any_of(
      layers.begin(), layers.end(), [](const Layer& layer) { return layer.scheme.method == RoundingMethod::qronos; });
  const std::unique_ptr<Gpt> original = with_mismatch ? fp32_copy(model) : nullptr;  // before any layer is rounded
  std::map<std::string, Layer*> waiting;
  for (Layer& layer : layers) {
    if (layer.scheme.needs_inputs()) {
      waiting[layer.path] = &layer;
    } else {
      quantize(recipe, layer, nullptr);
      progress.done(layer);
    }
  }
  if (waiting.empty()) {
    return;
  }
  if (calibration.batches.empty()) {
    fail(ErrorKind::run, "recipe \"{}\": expected a calibration text for {}, got none", recipe.name,
         waiting.begin()->second->scheme.describe());
  }
  visit_in_order(model, calibration.batches, original.get(), [&](const std::string& path, const LayerMoments& moments) {
    if (const auto found = waiting.find(path); found != waiting.end()) {
      quantize(recipe, *found->second, &moments);
      progress.done(*found->second);
      waiting.erase(found);
    }
  });
  for (auto& [path, layer] : waiting) {  // an embedding that is only looked up
    layer->scheme = layer->scheme.without_inputs();
    layer->reason = "rounded to nearest because it is only looked up and multiplies no inputs";
    quantize(recipe, *layer, nullptr);
    progress.done(*layer);
  }
}

/// What the layer will be called with a weight like `sample`, a part of it.
std::string planned_description(const Layer& layer, const AnyWeight& sample) {
  const std::int64_t rank = layer.scheme.low_rank;
  std::optional<LowRank> beside;
  if (rank > 0) {
    beside = LowRank::quantize(Tensor::zeros({rows(sample), rank}), Tensor::zeros({rank, columns(sample)}));
  }
  return QuantizedMatrix(sample, layer.activations, beside).describe();
}

/// The size of an entropy-coded layer depends on its weights: the one that is asked for is the most that it may take.
void plan_entropy(Layer& layer) {
  layer.bytes = static_cast<std::int64_t>(layer.scheme.bits * static_cast<double>(layer.weight.elements()) / 8);
  layer.reason = "as many bytes as asked for: how many it takes shows when it is quantized";
  const Codes some{Tensor::zeros({1, 1}, DType::i8), Tensor::full({1}, 1.0F), 8, Granularity::per_tensor};
  layer.description = planned_description(layer, EntropyWeight(some));
}

/// The weight of what quantize() will make of the layer. Other formats store rows that are all of one size, and at most
/// a scale for the whole matrix, so the sizes of one row and of two tell that of any number. A trellis shares bits
/// among rows; but a matrix of zeros takes it no time.
void plan_weight(const Recipe& recipe, Layer& layer) {
  if (layer.scheme.stored_format() == WeightFormat::entropy) {
    plan_entropy(layer);
    return;
  }
  const WeightScheme scheme = layer.scheme.without_inputs();  // they do not change what is stored
  const std::int64_t rows = layer.weight.dim(0), columns = layer.weight.dim(1);
  try {
    if (scheme.format == WeightFormat::trellis) {
      const AnyWeight whole = quantize_matrix(Tensor::zeros({rows, columns}), scheme);
      layer.bytes = bytes(whole);
      layer.description = planned_description(layer, whole);
      return;
    }
    const AnyWeight one = quantize_matrix(Tensor::zeros({1, columns}), scheme);
    const AnyWeight two = quantize_matrix(Tensor::zeros({2, columns}), scheme);
    layer.bytes = bytes(one) + (rows - 1) * (bytes(two) - bytes(one));
    layer.description = planned_description(layer, one);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("recipe \"{}\": layer \"{}\": {}", recipe.name, layer.path, error.what()));
  }
}

void plan(const Recipe& recipe, Layer& layer) {
  if (layer.scheme.format == WeightFormat::fp32) {
    layer.bytes = static_cast<std::int64_t>(layer.weight.bytes());
    return;
  }
  plan_weight(recipe, layer);
  layer.bytes += LowRank::bytes_of(layer.scheme.low_rank, layer.weight.dim(0), layer.weight.dim(1));
}

/// Any inputs of every layer: static scales of a plan, whose values nobody sees.
Calibration any_calibration(const std::vector<Layer>& layers) {
  LayerInputs inputs;
  inputs.range.add(std::vector<float>{1.0F});
  Calibration calibration;
  for (const Layer& layer : layers) {
    calibration.layers[layer.path] = inputs;
  }
  return calibration;
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

CoverageRow row_of_layer(const Layer& layer) {
  CoverageRow row{.path = layer.path + ".weight", .shape = layer.weight.shape(), .scheme = layer.description};
  row.reason = layer.reason;
  row.bytes = layer.bytes;
  row.bits_per_weight = 8.0 * static_cast<double>(layer.bytes) / static_cast<double>(layer.weight.elements());
  row.error = layer.error;
  return row;
}

using ParameterList = std::vector<std::pair<std::string, Tensor>>;

ParameterList parameters_of(Gpt& model) {
  ParameterList parameters;
  for (const auto& [path, parameter] : model.parameters()) {
    parameters.emplace_back(path, parameter->value());
  }
  return parameters;
}

/// A row for each parameter that the model had in FP32, in their order.
Coverage coverage_of(const ParameterList& parameters, const std::vector<Layer>& layers) {
  std::map<std::string, const Layer*> matrices;
  for (const Layer& layer : layers) {
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

}  // namespace

std::int64_t Coverage::elements() const {
  std::int64_t sum = 0;
  for (const CoverageRow& row : rows) {
    sum += row.shape.elements();
  }
  return sum;
}

std::int64_t Coverage::bytes() const {
  std::int64_t sum = 0;
  for (const CoverageRow& row : rows) {
    sum += row.bytes;
  }
  return sum;
}

double Coverage::bits_per_weight() const {
  return 8.0 * static_cast<double>(bytes()) / static_cast<double>(elements());
}

Coverage apply_recipe(Gpt& model, const Recipe& recipe, const Calibration& calibration, ProgressSink& sink) {
  std::vector<Layer> layers = matrices_of(model);
  choose_schemes(recipe, model.config().tied_head, calibration, layers);
  const ParameterList parameters = parameters_of(model);
  try {
    LayerProgress progress(sink, layers.size());
    quantize_all(model, recipe, calibration, layers, progress);
    progress.finish();
  } catch (...) {
    for (Layer& layer : layers) {
      if (layer.original) {
        layer.slot->replace(std::move(layer.original));
      }
    }
    throw;
  }
  return coverage_of(parameters, layers);
}

Coverage plan_recipe(Gpt& model, const Recipe& recipe) {
  std::vector<Layer> layers = matrices_of(model);
  choose_schemes(recipe, model.config().tied_head, any_calibration(layers), layers);
  for (Layer& layer : layers) {
    plan(recipe, layer);
  }
  return coverage_of(parameters_of(model), layers);
}

}  // namespace octet
