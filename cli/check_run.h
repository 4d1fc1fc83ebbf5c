#pragma once

#include "cli/run_config.h"
#include "cli/text_stage.h"

namespace octet {

/// Error (config) with the memory needed and the memory there where training cannot fit, however few tokens the text
/// has. Before any work.
void check_memory(const Run& run);

/// What only the text decides, before training: that the model with the vocabulary it got, the training and the
/// evaluation fit the memory (config), and that the test part has two windows to compare models on (input).
void check_text(const Run& run, const RunText& text);

}  // namespace octet
