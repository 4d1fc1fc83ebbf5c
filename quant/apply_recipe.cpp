#include "quant/apply_recipe.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "nn/layers/quantized_layer.h"
#include "quant/bit_allocation.h"
#include "quant/fp32_model.h"
#include "quant/layer_order.h"
#include "quant/quantize_matrix.h"
#include "quant/recipe_layers.h"

namespace octet {
namespace {

/// Rounds the layer and puts the quantized one in its slot; layer.original is the one before.
void quantize(const Recipe& recipe, RecipeLayer& layer, const LayerMoments* inputs) {
  layer.bytes = static_cast<std::int64_t>(layer.weight.bytes());
  layer.error = quantization_error(layer.weight, layer.weight);
  if (layer.scheme.format == WeightFormat::fp32) {
    return;
  }
  try {
    QuantizedMatrixResult result = quantize_matrix(layer.weight, layer.scheme, inputs);
    layer.add_reason(result.remark);
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

  void done(const RecipeLayer& layer) {
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

void quantize_all(Gpt& model, const Recipe& recipe, const Calibration& calibration, std::vector<RecipeLayer>& layers,
                  LayerProgress& progress) {
  const bool with_mismatch = std::any_of(layers.begin(), layers.end(), [](const RecipeLayer& layer) {
    return layer.scheme.method == RoundingMethod::qronos;
  });
  const std::unique_ptr<Gpt> original = with_mismatch ? fp32_copy(model) : nullptr;  // before any layer is rounded
  std::map<std::string, RecipeLayer*> waiting;
  for (RecipeLayer& layer : layers) {
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
    layer->add_reason("rounded to nearest because it is only looked up and multiplies no inputs");
    quantize(recipe, *layer, nullptr);
    progress.done(*layer);
  }
}

/// Gives layers as many bits as their errors ask for.
void share_bits_among(std::vector<RecipeLayer>& layers, Gpt& model, const Recipe& recipe,
                      const Calibration& calibration, ProgressSink& progress) {
  const std::map<std::string, double> bits = allocate_bits(model, recipe, calibration, progress);
  for (RecipeLayer& layer : layers) {
    if (const auto found = bits.find(layer.path); found != bits.end()) {
      layer.scheme.bits = found->second;
      layer.add_reason(fmt::format("bits shared among layers by the harm that errors do to the output, {:g} on average",
                                   recipe.weights.bits));
    }
  }
}

}  // namespace

Coverage apply_recipe(Gpt& model, const Recipe& recipe, const Calibration& calibration, ProgressSink& progress) {
  std::vector<RecipeLayer> layers = recipe_layers(model, recipe, calibration);
  if (recipe.bit_allocation == BitAllocation::measured) {
    share_bits_among(layers, model, recipe, calibration, progress);
  }
  const ParameterList parameters = parameters_of(model);
  try {
    LayerProgress counter(progress, layers.size());
    quantize_all(model, recipe, calibration, layers, counter);
    counter.finish();
  } catch (...) {
    for (RecipeLayer& layer : layers) {
      if (layer.original) {
        layer.slot->replace(std::move(layer.original));
      }
    }
    throw;
  }
  return coverage_of(parameters, layers);
}

}  // namespace octet
