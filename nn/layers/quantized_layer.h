#pragma once

#include <memory>

#include "nn/layers/quantized_matrix.h"

namespace octet {

class Module;

/// The layer that takes the place of `layer`, a Linear or an Embedding, with `weight` in place of its own. Errors:
/// another kind of module; another shape; see QuantizedMatrix.
std::unique_ptr<Module> quantized_layer(const Module& layer, AnyWeight weight, ActivationScheme activations,
                                        std::optional<LowRank> low_rank = {});

/// Rows and columns of the matrix of a linear layer or a token embedding. Errors: another kind of module.
Shape matrix_shape_of(const Module& layer);

/// The stored weight of a quantized layer; null for every other module.
const QuantizedMatrix* quantized_matrix_of(const Module& module);

}  // namespace octet
