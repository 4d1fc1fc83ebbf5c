#pragma once

#include <span>

#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "quant/input_range.h"

namespace octet {

/// Runs the FP32 model over `calibration.windows` of the windows, spread evenly, and finds a static scale for the
/// inputs of every layer that multiplies. Errors: no windows; (run) inputs that are not finite, naming the layer.
InputScales calibrate(Gpt& model, std::vector<Window> windows, const Calibration& calibration,
                      std::int64_t batch_tokens = 4096);

}  // namespace octet
