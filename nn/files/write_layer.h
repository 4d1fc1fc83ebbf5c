#pragma once

#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/layers/quantized_layer.h"

namespace octet {

/// Appends the tensors of the quantized layer `path`, under the names of nn/files/quantized_file.h.
void append_layer(const std::string& path, const QuantizedMatrix& matrix, std::vector<NamedTensor>& tensors);

}  // namespace octet
