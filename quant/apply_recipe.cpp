#include "quant/apply_recipe.h"

#include <algorithm>
#include <map>

#include <fmt/ranges.h>

#include "base/nearest.h"
#include "nn/layers/quantized_embedding.h"
#include "nn/layers/quantized_layer.h"
#include "nn/layers/quantized_linear.h"
#include "quant/absmax.h"
#include "quant/codebook.h"
#include "quant/fp8.h"
#include "quant/glob.h"
#include "quant/minmax.h"

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
  std::unique_ptr<Module> replacement = nullptr;  // null: left FP32
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

/// Gives the layers that `patterns` match a scheme of their own.
void keep(const Recipe& recipe, const std::vector<std::string>& patterns, const std::string& key, WeightFormat format,
          std::vector<Layer>& layers) {
  for (const std::string& pattern : patterns) {
    bool matched = false;
    for (Layer& layer : layers) {
      if (glob_match(pattern, layer.path) || glob_match(pattern, layer.path + ".weight")) {
        matched = true;
        layer.scheme.format = format;
        layer.activations = Activations::weight_only;
        layer.reason = fmt::format("{} because {} names \"{}\"",
                                   format == WeightFormat::fp32 ? "left FP32" : "kept FP16", key, pattern);
      }
    }
    if (!matched) {
      fail(ErrorKind::config, "recipe \"{}\": {}: the pattern \"{}\" matches no layer; the nearest are {}", recipe.name,
           key, pattern, nearest_paths(pattern, layers));
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
      return ActivationScheme::fixed(range.scale(recipe.calibration.percentile));
    }
    case Activations::weight_only:
    case Activations::dynamic:
      break;
  }
  return recipe.activations;
}

void choose_schemes(const Recipe& recipe, bool tied_head, const Calibration& calibration, std::vector<Layer>& layers) {
  for (Layer& layer : layers) {
    const bool other = is_embedding(layer) && recipe.embedding;
    layer.scheme = other ? *recipe.embedding : recipe.weights;
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

void quantize(const Recipe& recipe, Layer& layer) {
  layer.bytes = static_cast<std::int64_t>(layer.weight.bytes());
  layer.error = quantization_error(layer.weight, layer.weight);
  if (layer.scheme.format == WeightFormat::fp32) {
    return;
  }
  try {
    AnyWeight weight = quantize_matrix(layer.weight, layer.scheme);
    layer.bytes = bytes(weight);
    layer.error = quantization_error(layer.weight, weight);
    layer.replacement = quantized_layer(layer.slot->module(), std::move(weight), layer.activations);
    layer.description = quantized_matrix_of(*layer.replacement)->describe();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("recipe \"{}\": layer \"{}\": {}", recipe.name, layer.path, error.what()));
  }
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

AnyWeight quantize_matrix(const Tensor& weight, const WeightScheme& scheme) {
  const int bits = static_cast<int>(scheme.bits);
  switch (scheme.stored_format()) {
    case WeightFormat::int8:
      return Int8Weight(absmax_quantize(weight, bits, scheme.granularity, scheme.group));
    case WeightFormat::int4:
      return Int4Weight(scheme.symmetric ? absmax_quantize(weight, bits, scheme.granularity, scheme.group, DType::f16)
                                         : minmax_quantize(weight, bits, scheme.granularity, scheme.group));
    case WeightFormat::nf4:
    case WeightFormat::mxfp4:
    case WeightFormat::nvfp4:
    case WeightFormat::table4:
      return codebook_quantize(
          weight, {.codebook = *scheme.codebook(), .block = scheme.group, .double_quantized = scheme.double_quantized});
    case WeightFormat::fp8:
      return fp8_quantize(weight);
    case WeightFormat::fp16:
      return HalfWeight::quantize(weight, DType::f16);
    case WeightFormat::bf16:
      return HalfWeight::quantize(weight, DType::bf16);
    case WeightFormat::fp32:
    case WeightFormat::automatic:
      break;
  }
  fail(ErrorKind::config, "[quantize] expected a format to store a matrix in, got {}", enum_name(scheme.format));
}

Coverage apply_recipe(Gpt& model, const Recipe& recipe, const Calibration& calibration) {
  std::vector<Layer> layers = matrices_of(model);
  choose_schemes(recipe, model.config().tied_head, calibration, layers);
  std::map<std::string, CoverageRow> matrix_rows;
  for (Layer& layer : layers) {
    quantize(recipe, layer);
    matrix_rows[layer.path + ".weight"] = row_of_layer(layer);
  }
  Coverage coverage;
  const std::int64_t elements = model.parameter_count();
  for (const auto& [path, parameter] : model.parameters()) {
    const auto matrix = matrix_rows.find(path);
    coverage.rows.push_back(matrix != matrix_rows.end()
                                ? matrix->second
                                : row_of_other(path, parameter->value().to(DeviceKind::cpu), elements));
  }
  for (Layer& layer : layers) {
    if (layer.replacement) {
      layer.slot->replace(std::move(layer.replacement));
    }
  }
  return coverage;
}

}  // namespace octet
