#pragma once

#include "base/progress.h"
#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/coverage.h"
#include "quant/recipe.h"

namespace octet {

/// Replaces the linear layers and the token embedding of `model` by quantized ones, as the recipe says
/// (quantize_matrix), on the CPU; the layers stay on their device. On an error the model is as it was. What the recipe
/// needs to know of inputs (Recipe::needs_calibration) comes from `calibration` (quant/calibrate.h): ranges for static
/// activations, and the text for methods that look at inputs. These round the layers in their order
/// (quant/layer_order.h) and run the model to do so, which must be on the CPU. The transforms of the recipe
/// come before, by transformed() (quant/transforms/transform.h). Where bits are shared by what is measured, the model
/// runs for that, too (quant/bit_allocation.h). `progress` counts the layers. Errors: a calibration that lacks what is
/// needed; a pattern that matches no layer (config), naming the recipe and the nearest paths; a weight with NaN or
/// infinity, or a model that is quantized already, naming the layer.
///
///     const auto model = load_model("runs/demo/checkpoints/best");
///     Recipe recipe;
///     recipe.weights = {.bits = 4, .granularity = Granularity::per_group, .group = 32};
///     const Coverage coverage = apply_recipe(*model, recipe);  // coverage.bits_per_weight(): 4.52
Coverage apply_recipe(Gpt& model, const Recipe& recipe, const Calibration& calibration = {},
                      ProgressSink& progress = no_progress());

/// What apply_recipe() will store, from the shapes alone: the same rows without errors. The weights of `model` are not
/// looked at, nor changed, and static activations need no calibration. Errors: as apply_recipe() has them, but for
/// those about values.
Coverage plan_recipe(Gpt& model, const Recipe& recipe);

}  // namespace octet
