#pragma once

#include "cli/arguments.h"

namespace octet {

/// Of `octet eval`: a run, or, with a text, one model and others beside it.
struct EvalArguments : ConfigArguments {
  std::string text;                  ///< file; then `config` is the folder of a model
  std::vector<std::string> against;  ///< folders of models that are compared with it
  std::string protocol;              ///< octet or llama.cpp; empty: octet
  std::int64_t context = 0;          ///< tokens of a window; 0: the model's context, at most 512
  std::int64_t stride = 0;           ///< 0: the context
  std::int64_t windows = 0;          ///< at most, evenly spread; 0: all

  bool any_text_option() const {
    return !against.empty() || !protocol.empty() || context != 0 || stride != 0 || windows != 0;
  }
};

/// Perplexity and bits per byte on any text. `arguments.config` and `against` are folders of models.
void eval_text(const CommonOptions& common, const EvalArguments& arguments);

}  // namespace octet
