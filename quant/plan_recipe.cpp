#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"
#include "quant/recipe_layers.h"

namespace octet {
namespace {

/// What the layer will be called with a weight like `sample`, a part of it.
std::string planned_description(const RecipeLayer& layer, const AnyWeight& sample) {
  const std::int64_t rank = layer.scheme.low_rank;
  std::optional<LowRank> beside;
  if (rank > 0) {
    beside = LowRank::quantize(Tensor::zeros({rows(sample), rank}), Tensor::zeros({rank, columns(sample)}));
  }
  return QuantizedMatrix(sample, layer.activations, beside).describe();
}

/// The size of an entropy-coded layer depends on its weights: the one that is asked for is the most that it may take.
void plan_entropy(const Recipe& recipe, RecipeLayer& layer) {
  layer.bytes = static_cast<std::int64_t>(layer.scheme.bits * static_cast<double>(layer.weight.elements()) / 8);
  const bool shares =
      recipe.bit_allocation == BitAllocation::measured && &recipe.scheme_of(layer.path) == &recipe.weights;
  layer.add_reason(shares ? "as many bytes as asked for on average: its share shows when it is quantized"
                          : "as many bytes as asked for: how many it takes shows when it is quantized");
  const Codes some{Tensor::zeros({1, 1}, DType::i8), Tensor::full({1}, 1.0F), 8, Granularity::per_tensor};
  layer.description = planned_description(layer, EntropyWeight(some));
}

/// The weight of what quantize() will make of the layer. Other formats store rows that are all of one size, and at most
/// a scale for the whole matrix, so the sizes of one row and of two tell that of any number. A trellis shares bits
/// among rows; but a matrix of zeros takes it no time.
void plan_weight(const Recipe& recipe, RecipeLayer& layer) {
  if (layer.scheme.stored_format() == WeightFormat::entropy) {
    plan_entropy(recipe, layer);
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

void plan(const Recipe& recipe, RecipeLayer& layer) {
  if (layer.scheme.format == WeightFormat::fp32) {
    layer.bytes = static_cast<std::int64_t>(layer.weight.bytes());
    return;
  }
  plan_weight(recipe, layer);
  layer.bytes += LowRank::bytes_of(layer.scheme.low_rank, layer.weight.dim(0), layer.weight.dim(1));
}

/// Any inputs of every layer: static scales of a plan, whose values nobody sees.
Calibration any_calibration(Gpt& model) {
  LayerInputs inputs;
  inputs.range.add(std::vector<float>{1.0F});
  Calibration calibration;
  model.for_each_child([&](const std::string& path, ChildSlot&) { calibration.layers[path] = inputs; });
  return calibration;
}

}  // namespace

Coverage plan_recipe(Gpt& model, const Recipe& recipe) {
  std::vector<RecipeLayer> layers = recipe_layers(model, recipe, any_calibration(model));
  for (RecipeLayer& layer : layers) {
    plan(recipe, layer);
  }
  return coverage_of(parameters_of(model), layers);
}

}  // namespace octet
