#pragma once

#include <functional>
#include <span>
#include <string>

#include "nn/gpt.h"
#include "quant/quantize_matrix.h"

namespace octet {

/// Calls visit(path, moments) for every layer that multiplies, in the order in which a model is rounded, with the
/// second moments of what it reads at that time: the visitor may replace the layer, and the layers behind it see what
/// has become of it. The output head, and with it a tied embedding, comes first, while its inputs are those of the FP32
/// model; then the layers of each block. Layers that share an input come together.
///
/// The text is kept as the vectors between two blocks, so that each block runs three times in all: twice to observe,
/// once to go on. `original`: the FP32 model, which runs beside it for `mixed`; null where nobody asks. Errors: (run)
/// no batches.
void visit_in_order(Gpt& model, std::span<const Tensor> batches, Gpt* original,
                    const std::function<void(const std::string& path, const LayerMoments& moments)>& visit);

}  // namespace octet
