#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"

namespace octet {

/// A layer of an FP32 model and what it reads: y = x W^T.
struct LayerSample {
  std::string layer;
  Tensor x;                             ///< (rows, C), window after window
  std::vector<std::int64_t> first_row;  ///< of each window, and behind the last
  Tensor weight;                        ///< W (N, C)
  /// SmoothQuant's factor of each channel, with the alpha that quant/transforms/smooth_search.h finds; empty where no
  /// factor passes what makes this input (quant/transforms/scalable_input.h).
  std::vector<float> smoothing = {};
  double alpha = kNotMeasured;

  std::int64_t rows() const { return x.dim(0); }
  std::int64_t channels() const { return x.dim(1); }
  std::int64_t outputs() const { return weight.dim(0); }
};

/// The named layers with their inputs over the windows, in the order given. Windows are read as long as `max_rows` rows
/// allow, at least one; of a layer with very many outputs fewer. A tied head is called "embedding". Errors: (config) a
/// layer that is quantized; (run) no windows, a layer that reads nothing.
std::vector<LayerSample> sample_layers(Gpt& model, std::span<const std::string> layers, std::span<const Window> windows,
                                       std::int64_t max_rows);

/// The layers of a model that multiply inputs, in the order in which they run.
std::vector<std::string> multiplying_layers(Gpt& model, const Window& window);

}  // namespace octet
