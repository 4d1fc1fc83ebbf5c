#include "eval/eval_config.h"

namespace octet {

void EvalConfig::validate(Problems& problems) const {
  if (context > 0 && stride > context) {
    problems.add("stride", "expected at most the context of {}, got {}: tokens between windows would not be scored",
                 context, stride);
  }
}

}  // namespace octet
