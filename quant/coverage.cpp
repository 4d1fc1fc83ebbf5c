#include "quant/coverage.h"

namespace octet {

std::int64_t Coverage::elements() const {
  std::int64_t sum = 0;
  for (const CoverageRow& row : rows) {
    sum += row.shape.elements();
  }
  return sum;
}

std::int64_t Coverage::bytes() const {
  std::int64_t sum = 0;
  for (const CoverageRow& row : rows) {
    sum += row.bytes;
  }
  return sum;
}

double Coverage::bits_per_weight() const {
  return 8.0 * static_cast<double>(bytes()) / static_cast<double>(elements());
}

}  // namespace octet
