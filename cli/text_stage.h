#pragma once

#include "base/progress.h"
#include "cli/run_config.h"
#include "text/tokenized_corpus.h"
#include "text/tokenizer.h"

namespace octet {

/// The text of a run as token ids.
struct RunText {
  Corpus corpus;
  Tokenizer tokenizer;
  TokenizedCorpus tokens;
};

/// Reads and splits the corpus and learns a tokenizer from its training part. Lowers the model's vocabulary where the
/// text has fewer pairs to merge than asked for.
RunText learn_text(Run& run, ProgressSink& progress);

/// The same with the tokenizer of a model that was trained elsewhere, in `checkpoint`.
RunText text_for_model(Run& run, const std::filesystem::path& checkpoint, ProgressSink& progress);

/// The same corpus with the tokenizer of the trained model. Error (input) where the corpus is not the one that the
/// model was trained on, or is split in another way.
RunText load_text(Run& run);

/// Ids of the calibration part, in batches (B, T) of windows of `context` tokens.
std::vector<Tensor> calibration_batches(const RunText& text, const CalibrationConfig& config, std::int64_t context);

/// Error (input) where the best checkpoint holds weights of another one, or was trained on another split of the text
/// than the `corpus` section gives. Needs no text, so that stages which read none check it too.
void check_best(const Run& run);

}  // namespace octet
