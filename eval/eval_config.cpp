#include "eval/eval_config.h"

#include <fmt/format.h>

namespace octet {

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
}

}  // namespace octet
