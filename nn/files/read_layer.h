#pragma once

#include <string>

#include "io/safetensors.h"
#include "nn/files/stored_layer.h"
#include "nn/layers/module.h"

namespace octet {

/// Puts the layer `path` that `file` holds in place of that of `slot`. Whatever is wrong is the file's fault: an Error
/// (input) that names file and layer.
void load_layer(const std::string& path, const LayerDescription& layer, const SafetensorsFile& file, ChildSlot& slot);

}  // namespace octet
