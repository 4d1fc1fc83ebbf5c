#pragma once

#include <span>

#include "nn/gpt.h"
#include "quant/calibration.h"

namespace octet {

/// Runs the FP32 model over batches of ids (B, T) and observes the inputs of every layer that multiplies. Errors: (run)
/// no batches; inputs that are not finite, naming the layer.
Calibration calibrate(Gpt& model, std::span<const Tensor> batches);

}  // namespace octet
