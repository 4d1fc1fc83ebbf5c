#include "eval/eval_config.h"

#include <fmt/format.h>

namespace octet {
namespace {

constexpr std::int64_t kMostSampleTokens = 1'000'000;  // a report shows the whole sample

}  // namespace

void EvalConfig::validate(Problems& problems) const {
  if (context > 0 && stride > context) {
    problems.add("stride", "expected at most the context of {}, got {}: tokens between windows would not be scored",
                 context, stride);
  }
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].empty()) {
      problems.add(fmt::format("prompts.{}", i), "expected some text to continue, got an empty one");
    }
  }
  if (max_windows == 1) {
    problems.add("max_windows", "expected 0 (all) or at least 2, from which an interval can be estimated, got 1");
  }
  if (sampling.max_tokens > kMostSampleTokens) {
    problems.add("sampling.max_tokens", "expected at most {}, got {}", kMostSampleTokens, sampling.max_tokens);
  }
}

}  // namespace octet
