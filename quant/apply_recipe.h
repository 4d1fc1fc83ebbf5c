#pragma once

#include <string>
#include <vector>

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/error_stats.h"
#include "quant/recipe.h"

namespace octet {

/// What became of one tensor.
struct CoverageRow {
  std::string path;  ///< "blocks.0.attention.qkv.weight"
  Shape shape;
  std::string scheme;       ///< "int4 per_group 32, dynamic", "fp32"
  std::string reason = {};  ///< why it is not as the recipe says for matrices; empty where it is
  std::int64_t bytes = 0;
  double bits_per_weight = 32;
  QuantizationError error = {};
};

/// Every tensor of the model, in the order of its parameters: nothing is skipped silently.
struct Coverage {
  std::vector<CoverageRow> rows;

  std::int64_t elements() const;
  std::int64_t bytes() const;
  double bits_per_weight() const;
};

/// Replaces the linear layers and the token embedding of `model` by quantized ones, as the recipe says, by rounding to
/// nearest (quant/absmax.h, minmax.h, codebook.h) on the CPU; the layers stay on their device. On an error the model is
/// as it was. Static activations round with scales that are found from `calibration`: of every layer that multiplies
/// (quant/calibrate.h). Errors: static activations of a layer that was not observed; a pattern that matches no layer
/// (config), naming the recipe and the nearest paths; a weight with NaN or infinity, or a model that is quantized
/// already, naming the layer.
///
///     const auto model = load_model("runs/demo/checkpoints/best");
///     Recipe recipe;
///     recipe.weights = {.bits = 4, .granularity = Granularity::per_group, .group = 32};
///     const Coverage coverage = apply_recipe(*model, recipe);  // coverage.bits_per_weight(): 4.52
Coverage apply_recipe(Gpt& model, const Recipe& recipe, const Calibration& calibration = {});

/// The stored form of one matrix by rounding to nearest. fp32 is refused: it is no stored form.
AnyWeight quantize_matrix(const Tensor& weight, const WeightScheme& scheme);

}  // namespace octet
