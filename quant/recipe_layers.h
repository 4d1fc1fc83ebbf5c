#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/coverage.h"
#include "quant/recipe.h"

namespace octet {

/// A layer with a matrix, in its slot, with what shall become of it.
struct RecipeLayer {
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

  /// One more thing to say of it, after those before. An empty text says nothing.
  void add_reason(const std::string& text);
};

/// The linear layers and the token embedding of an FP32 model, in its order, each with the scheme that the recipe has
/// for it. Errors: a layer that is quantized already, naming it; (config) a pattern of the recipe that matches no
/// layer, naming the nearest; a correction of a rank that a matrix cannot have; (run) no range for static activations.
std::vector<RecipeLayer> recipe_layers(Gpt& model, const Recipe& recipe, const Calibration& calibration);

/// All parameters of a model by path, in its order.
using ParameterList = std::vector<std::pair<std::string, Tensor>>;
ParameterList parameters_of(Gpt& model);

/// A row for each parameter that the model had in FP32, in their order: what became of it in `layers`, or why it stays.
Coverage coverage_of(const ParameterList& parameters, const std::vector<RecipeLayer>& layers);

}  // namespace octet
