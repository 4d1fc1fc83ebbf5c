#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quant/error_stats.h"
#include "tensor/shape.h"

namespace octet {

/// What became of one tensor.
struct CoverageRow {
  std::string path;  ///< "blocks.0.attention.qkv.weight"
  Shape shape;
  std::string scheme;       ///< "int4 per_group 32, dynamic", "fp32"
  std::string reason = {};  ///< why it is not as the recipe says for matrices; empty where it is
  std::int64_t bytes = 0;
  double bits_per_weight = 32;
  QuantizationError error = {};
};

/// Every tensor of the model, in the order of its parameters: nothing is skipped silently.
struct Coverage {
  std::vector<CoverageRow> rows;

  std::int64_t elements() const;
  std::int64_t bytes() const;
  double bits_per_weight() const;
};

}  // namespace octet
