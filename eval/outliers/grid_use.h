#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace octet {

/// One way to quantize a matrix, and what became of it.
struct GridPanel {
  std::string title;                   ///< "One scale for all"
  std::span<const float> original;     ///< W
  std::span<const float> dequantized;  ///< same size
  std::span<const std::int8_t> codes;  ///< same size, within [-(2^(bits-1) - 1), 2^(bits-1) - 1]
  double scale = 0;                    ///< the step of the grid; of the median row where rows differ
};

/// How well a symmetric grid of 2^bits - 1 levels is used, and what it costs.
struct GridUse {
  int levels = 0;             ///< 2^bits - 1
  int used = 0;               ///< levels with at least one value
  int busy = 0;               ///< fewest levels that hold 99 % of the values
  double effective_bits = 0;  ///< entropy of the codes, -sum p log2 p: what the bits really carry
  double mse = 0;
  double snr_db = 0;    ///< 10 log10(sum W^2 / sum error^2)
  double bulk_mse = 0;  ///< MSE of the 99 % of the values that are smallest in magnitude
};
/// Errors: run where sizes differ, nothing was given or a code lies outside the grid.
GridUse measure_grid_use(const GridPanel& panel, int bits);

/// How many values have each code, from -(2^(bits-1) - 1) upwards. Errors: run where a code lies outside the grid.
std::vector<std::int64_t> count_codes(std::span<const std::int8_t> codes, int bits);

}  // namespace octet
