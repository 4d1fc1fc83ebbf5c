#include "eval/experiments/outlier_lab_config.h"

namespace octet {

void OutlierLabConfig::validate(Problems& problems) const {
  for (std::size_t i = 1; i < exponents.size(); ++i) {
    if (exponents[i] <= exponents[i - 1]) {
      problems.add("exponents", "expected each larger than the one before, got {} after {}", exponents[i],
                   exponents[i - 1]);
      return;
    }
  }
}

}  // namespace octet
