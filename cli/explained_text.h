#pragma once

#include "cli/arguments.h"
#include "eval/experiments/outlier_lab.h"
#include "nn/gpt.h"

namespace octet {

struct ExplainArguments {
  std::string checkpoint;  ///< of an FP32 model, or a run folder
  std::string layer;       ///< dotted name; empty: all
  std::string text;        ///< file that the model reads; empty: the corpus of the run
  bool checks = false;     ///< the questions about the whole model instead
};

/// What `octet explain` reads to see the inputs of layers: the file of --text, every other window of which serves as
/// calibration; or of a run folder the test part of its corpus, and the calibration part. Windows have the model's
/// context, at most 512 tokens. `model` is the folder of the model that was found. Errors: (config) neither; (input) a
/// text of fewer than three windows' tokens; those of load_text().
OutlierLabText explained_text(const CommonOptions& common, const ExplainArguments& arguments, const std::string& model,
                              const GptConfig& shape);

}  // namespace octet
