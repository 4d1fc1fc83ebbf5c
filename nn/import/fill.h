#pragma once

#include <memory>
#include <string>

#include "base/progress.h"
#include "nn/gpt.h"
#include "nn/import/layout.h"
#include "nn/import/tensor_source.h"

namespace octet {

/// A new model of this configuration with the weights of `source`, each of which is read once. `where` is the folder or
/// file of the model, for messages.
///
/// Errors (input) naming file and tensor, before much memory is asked for where that is possible: a tensor of the
/// layout is missing or has another shape; one that the layout does not know; a constant with other values than it
/// should have; NaN or infinity. Error (interrupted) after Ctrl-C by the sink.
std::unique_ptr<Gpt> filled_model(const GptConfig& config, const SourceLayout& layout, const TensorSource& source,
                                  const std::string& where, ProgressSink& progress);

}  // namespace octet
