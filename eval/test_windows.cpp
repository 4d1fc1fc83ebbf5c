#include "eval/test_windows.h"

#include "eval/score/window_batches.h"

namespace octet {

std::vector<Window> test_windows(const TokenRuns& test, const Tokenizer& tokenizer, const EvalConfig& config,
                                 const GptConfig& shape, std::int64_t count) {
  return pick_windows(evaluation_windows(test, tokenizer, config.context_of(shape), config.stride_of(shape)), count);
}

}  // namespace octet
