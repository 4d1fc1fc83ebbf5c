#pragma once

#include <optional>

#include "tensor/ops/dynamic_linear.h"

namespace octet {

/// What a layer reads: x (..., K), and where a norm has made them already, its int8 codes, so that layers that share an
/// input share its codes.
struct LayerInput {
  LayerInput(Tensor values) : x(std::move(values)) {}
  LayerInput(Tensor values, QuantizedRows rows) : x(std::move(values)), codes(std::move(rows)) {}

  Tensor x;
  std::optional<QuantizedRows> codes;
};

}  // namespace octet
