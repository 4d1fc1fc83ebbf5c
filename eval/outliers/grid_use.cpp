#include "eval/outliers/grid_use.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/outliers/histogram.h"

namespace octet {
namespace {

/// Mean squared error of the 99 % of the values that are smallest in magnitude.
double measure_bulk_mse(std::span<const float> original, std::span<const float> dequantized) {
  std::vector<float> magnitudes(original.size());
  std::transform(original.begin(), original.end(), magnitudes.begin(), [](float x) { return std::abs(x); });
  const auto limit =
      magnitudes.begin() + static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(magnitudes.size() - 1));
  std::nth_element(magnitudes.begin(), limit, magnitudes.end());
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    if (std::abs(original[i]) > *limit) continue;
    const double error = static_cast<double>(dequantized[i]) - original[i];
    sum += error * error;
    ++count;
  }
  return sum / static_cast<double>(std::max<std::size_t>(count, 1));
}

}  // namespace

std::vector<std::int64_t> count_codes(std::span<const std::int8_t> codes, int bits) {
  const int top = (1 << (bits - 1)) - 1;
  std::vector<std::int64_t> counts(std::size_t{2} * static_cast<std::size_t>(top) + 1, 0);
  for (const std::int8_t code : codes) {
    check(code >= -top && code <= top, "[grid use] expected codes within [-{0}, {0}], got {1}", top,
          static_cast<int>(code));
    ++counts[static_cast<std::size_t>(std::ptrdiff_t{code} + top)];
  }
  return counts;
}

GridUse measure_grid_use(const GridPanel& panel, int bits) {
  check(bits >= 2 && bits <= 8, "[grid use] expected 2 to 8 bits, got {}", bits);
  check(!panel.codes.empty() && panel.codes.size() == panel.original.size(),
        "[grid use] expected as many codes as values and more than none, got {} and {}", panel.codes.size(),
        panel.original.size());
  const ErrorSize error = measure_error(panel.original, panel.dequantized);
  std::vector<std::int64_t> counts = count_codes(panel.codes, bits);
  const auto total = static_cast<double>(panel.codes.size());
  GridUse use;
  use.levels = static_cast<int>(counts.size());
  use.mse = error.mse;
  use.snr_db = error.snr_db;
  use.bulk_mse = measure_bulk_mse(panel.original, panel.dequantized);
  std::sort(counts.rbegin(), counts.rend());
  double covered = 0;
  for (const std::int64_t count : counts) {
    if (count == 0) break;
    ++use.used;
    if (covered < 0.99 * total) ++use.busy;
    covered += static_cast<double>(count);
    const double share = static_cast<double>(count) / total;
    use.effective_bits -= share * std::log2(share);
  }
  return use;
}

}  // namespace octet
