#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/progress.h"
#include "nn/gpt.h"
#include "nn/import/layout.h"
#include "nn/import/tensor_source.h"
#include "nn/layers/quantized_matrix.h"

namespace octet {

/// What becomes of matrices that formats of Octet hold as they are stored: blocks with codes, F16, BF16.
struct ImportOptions {
  bool fp32 = false;  ///< all become FP32; else those of GGUF files stay as they are
  bool half = false;  ///< those of folders, F16 and BF16, stay too
  /// Of layers that stay as they are. Layers without integer codes have FP32 activations whatever it says.
  Activations activations = Activations::weight_only;
};

struct FilledModel {
  std::unique_ptr<Gpt> model;
  std::map<std::string, std::string> kept;  ///< names of tensors that stay as they are, with what stores them
};

/// A new model of this configuration with the weights of `source`. `where` is the folder or file of the model, for
/// messages. A layer stays as it is stored where all tensors that its rows come from have one type.
///
/// Errors (input) naming file and tensor, before much memory is asked for where that is possible: a tensor of the
/// layout is missing or has another shape; one that the layout does not know; a constant with other values than it
/// should have; NaN or infinity. Error (interrupted) after Ctrl-C by the sink.
FilledModel filled_model(const GptConfig& config, const SourceLayout& layout, const TensorSource& source,
                         const std::string& where, const ImportOptions& options, ProgressSink& progress);

}  // namespace octet
