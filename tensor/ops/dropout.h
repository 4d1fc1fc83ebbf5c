#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Sets each element to zero with the given probability and divides the others by (1 - probability). Whether element i
/// stays depends only on (seed, stream, i), so the result is the same for any number of threads and on every device,
/// and backward recomputes the mask. Srivastava et al. 2014, JMLR 15.
Tensor dropout(const Tensor& x, float probability, std::uint64_t seed, std::uint64_t stream);

}  // namespace octet
