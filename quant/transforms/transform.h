#pragma once

#include <functional>
#include <memory>

#include "nn/gpt.h"
#include "quant/calibration.h"
#include "quant/recipe.h"

namespace octet {

/// Observes the inputs of the layers of a model over text: calibrate() with batches that the caller knows.
using Calibrator = std::function<Calibration(Gpt& model)>;

/// Whether the recipe takes a text to carry out: Recipe::needs_calibration(), or smooth or awq, which look at inputs.
bool reads_text(const Recipe& recipe);

/// Whether rotate is among the recipe's transforms.
bool rotates(const Recipe& recipe);

/// A copy of an FP32 model that computes the same, within the rounding of FP32, with the transforms of the recipe
/// applied in their order. `model` stays as it is, and on its device; the copy is on the CPU. Each transform that looks
/// at inputs sees those of the copy as it is by then. Static scales must be calibrated with the copy, too.
///
/// Errors (config): a layer that is quantized; inputs are needed and `calibrator` is empty; those of the transforms.
///
///     const auto calibrator = [&](Gpt& gpt) { return calibrate(gpt, batches); };
///     const std::unique_ptr<Gpt> easier = transformed(*model, recipe, calibrator);
///     apply_recipe(*easier, recipe, calibrator(*easier));
std::unique_ptr<Gpt> transformed(Gpt& model, const Recipe& recipe, const Calibrator& calibrator = {});

}  // namespace octet
