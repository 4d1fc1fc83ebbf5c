#pragma once

#include <string>
#include <vector>

#include "nn/layers/gpt_config.h"

namespace octet {

/// The shape of a model with random weights, to measure speed without training.
struct BenchShape {
  std::string name;  ///< "llama-97m"; of a spelled-out shape "llama 12x768"
  GptConfig config;
  bool has_context = false;  ///< else the context may be whatever the tests need
};

/// "llama-31m", "llama-97m", or settings of a GptConfig: "width=512,layers=8,heads=8,hidden=1536,vocabulary=4096". What
/// is not set is as in GptConfig, but the head is not tied. Errors (config): an unknown name or key, with the nearest
/// known one; a value that breaks a rule.
BenchShape bench_shape(const std::string& text);

std::vector<std::string> bench_shape_names();

}  // namespace octet
