#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/score/named_model.h"
#include "nn/generation/sample.h"
#include "text/tokenizer.h"

namespace octet {

/// What one model made of a prompt.
struct TextSample {
  std::string model;
  std::string prompt;
  std::string text;  ///< the continuation; the prompt is not repeated
};

/// Continues each prompt by each model with the same random numbers, so that texts differ only as far as the models do:
/// up to the first token they disagree on, they are equal. Ordered by prompt, then by model. Error (config): an empty
/// prompt.
std::vector<TextSample> make_samples(std::span<const NamedModel> models, const Tokenizer& tokenizer,
                                     std::span<const std::string> prompts, const SamplingOptions& options);

}  // namespace octet
