#pragma once

#include <map>
#include <string>

#include "nn/gpt.h"

namespace octet {

/// A parameter of a model, or the weight of a quantized layer in its place.
struct FullWeight {
  Tensor values;     ///< FP32 in CPU memory; the elements of a parameter are shared with the model
  std::string from;  ///< "f32", or how the quantized layer stores it: "int4 per_group 32"
};

/// All weights of a model by the names that its parameters have when nothing is quantized.
std::map<std::string, FullWeight> full_weights(Gpt& model);

}  // namespace octet
