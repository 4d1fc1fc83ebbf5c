#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "tensor/formats/any_weight.h"

namespace octet {

/// One value that a stored weight can have, in units of its scale, and how many weights have it.
struct LevelUse {
  double level = 0;  ///< an integer code, or one of 16 levels
  std::int64_t count = 0;

  template <class V>
  void visit(V& v) {
    v("count", count);
    v("level", level);
  }
};

/// How a quantized matrix uses its levels, and its first codes and scales.
struct StoredCodes {
  std::vector<LevelUse> levels;               ///< all there are, the lowest first
  double entropy_bits = 0;                    ///< -sum p log2 p: what a code tells of a weight
  std::vector<std::vector<double>> codes;     ///< the first columns of the first rows, in units of the scale
  std::vector<std::vector<double>> scales;    ///< of these rows, the first ones; one for all where there is one
  std::vector<std::vector<double>> minimums;  ///< the same; empty where the grid is symmetric
  std::int64_t columns_per_scale = 0;

  template <class V>
  void visit(V& v) {
    v("codes", codes);
    v("columns_per_scale", columns_per_scale);
    v("entropy_bits", entropy_bits);
    v("levels", levels);
    v("minimums", minimums);
    v("scales", scales);
  }
};

/// Of formats with codes or levels; nothing of FP8, FP16, BF16 and a trellis, which have none.
std::optional<StoredCodes> stored_codes(const AnyWeight& weight);

/// The same for a terminal.
std::string stored_codes_text(const StoredCodes& stored);

}  // namespace octet
