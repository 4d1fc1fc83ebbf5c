#pragma once

#include <cstdint>
#include <vector>

#include "eval/eval_config.h"
#include "eval/score/windows.h"

namespace octet {

/// The windows of a test text that models of this shape are scored on, by the context and the stride of the
/// configuration: at most `count` of them, spread evenly; 0: all.
std::vector<Window> test_windows(const TokenRuns& test, const Tokenizer& tokenizer, const EvalConfig& config,
                                 const GptConfig& shape, std::int64_t count);

}  // namespace octet
