#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "tensor/formats/any_weight.h"

namespace octet {

/// One code that a weight can be stored as, and how many weights are.
struct LevelUse {
  std::int64_t code = 0;
  std::int64_t count = 0;
  std::optional<double> level;  ///< of a table: what the code stands for. Else a code stands for itself

  /// In units of the scale.
  double value() const { return level.value_or(static_cast<double>(code)); }

  template <class V>
  void visit(V& v) {
    v("code", code);
    v("count", count);
    v("level", level, optional_key());
  }
};

/// How a quantized matrix uses its levels, and its first codes and scales.
struct StoredCodes {
  std::vector<LevelUse> levels;                  ///< all there are, the lowest first
  double entropy_bits = 0;                       ///< -sum p log2 p: what a code tells of a weight
  std::vector<std::vector<std::int64_t>> codes;  ///< the first columns of the first rows
  std::vector<std::vector<double>> scales;       ///< of these rows, the first ones; one for all where there is one
  std::vector<std::vector<double>> minimums;     ///< the same; empty where the grid is symmetric
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

/// Of formats whose weights are integer codes or levels of a table; nothing of others.
std::optional<StoredCodes> stored_codes(const AnyWeight& weight);

/// Why there is nothing to count, as a sentence; empty where stored_codes() has something.
std::string why_no_codes(const AnyWeight& weight);

/// The same for a terminal.
std::string stored_codes_text(const StoredCodes& stored);

}  // namespace octet
