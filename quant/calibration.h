#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "quant/channel_range.h"
#include "quant/input_range.h"
#include "tensor/tensor.h"

namespace octet {

/// What calibration learnt about the inputs of one layer.
struct LayerInputs {
  InputRange range;       ///< of magnitudes: what static scales are found from
  ChannelRange channels;  ///< of each channel: what transforms find their factors from
};

/// What recipes know about the inputs of the layers that they quantize, by dotted path; see calibrate().
struct Calibration {
  std::map<std::string, LayerInputs> layers;
  /// The ids (B, T) that were read: methods that round layers in order read them again.
  std::vector<Tensor> batches;

  /// SHA-256 of all ids as int32, in their order; empty where no text was read.
  std::string sha256() const;
  /// Error (run) where the layer was not observed.
  const LayerInputs& of(const std::string& path) const {
    const auto found = layers.find(path);
    check(found != layers.end(), "[quantize] expected calibrated inputs of \"{}\", got none", path);
    return found->second;
  }
};

}  // namespace octet
