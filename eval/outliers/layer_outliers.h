#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/outliers/outliers.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"

namespace octet {

/// Outliers among the inputs of every layer, in the order in which layers run. Two passes over the windows: the first
/// for mean and deviation of each layer, the second counts. Error (run) naming the layer where an input is not finite.
std::vector<OutlierStats> activation_outliers(Gpt& model, std::span<const Window> windows,
                                              const OutlierOptions& options = {}, std::int64_t batch_tokens = 2048);

/// Outliers among the values of every FP32 matrix of the model; a column is an input of the layer.
std::vector<OutlierStats> weight_outliers(Gpt& model, const OutlierOptions& options = {});

/// The first `max_rows` inputs (rows, C) that the named layer reads over the windows. Error (run) where there is no
/// such layer.
Tensor layer_inputs(Gpt& model, std::span<const Window> windows, const std::string& layer, std::int64_t max_rows);

}  // namespace octet
