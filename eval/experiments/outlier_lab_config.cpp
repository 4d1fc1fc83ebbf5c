#include "eval/experiments/outlier_lab_config.h"

#include <set>

namespace octet {
namespace {

/// What is named twice would grow by the factor twice.
template <typename T, typename Show>
void check_once(const char* key, const std::vector<T>& values, Problems& problems, const Show& show) {
  std::set<T> seen;
  for (const T& value : values) {
    if (!seen.insert(value).second) {
      problems.add(key, "expected each once, got {} twice", show(value));
      return;
    }
  }
}

}  // namespace

void OutlierLabConfig::validate(Problems& problems) const {
  const auto number = [](std::int64_t value) { return value; };
  check_once("places", places, problems, enum_name<OutlierPlace>);
  check_once("channels", channels, problems, number);
  check_once("layers", layers, problems, number);
  for (std::size_t i = 1; i < exponents.size(); ++i) {
    if (exponents[i] <= exponents[i - 1]) {
      problems.add("exponents", "expected each larger than the one before, got {} after {}", exponents[i],
                   exponents[i - 1]);
      return;
    }
  }
}

}  // namespace octet
