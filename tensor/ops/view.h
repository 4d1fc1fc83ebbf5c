#pragma once

#include "tensor/tensor.h"

namespace octet {

/// The same elements in another shape; a view where x is contiguous, else a copy. One size may be -1: it is inferred.
Tensor reshape(const Tensor& x, const std::vector<std::int64_t>& sizes);

/// Swaps two dimensions; a view.
Tensor transpose(const Tensor& x, int first, int second);

/// Elements [begin, end) of a dimension; a view.
Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end);

/// The parts side by side along the last dimension: (..., C1), (..., C2) -> (..., C1 + C2); a copy. Gradient: to each
/// part its columns of dy.
Tensor concat(const std::vector<Tensor>& parts);

/// x itself where it is contiguous, else a row-major copy.
Tensor contiguous(const Tensor& x);

}  // namespace octet
