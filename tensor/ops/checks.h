#pragma once

#include "tensor/backend.h"
#include "tensor/tensor.h"

// Checks and small helpers that the operations share.

namespace octet {

void check_same_shape(const char* op, const Tensor& a, const Tensor& b);
/// x has at least `rank` dimensions, is f32.
void check_float(const char* op, const Tensor& x, int rank = 0);
/// `x` is a vector of `size` elements.
void check_vector(const char* op, const char* what, const Tensor& x, std::int64_t size);
/// Number of rows where the last dimension is the column; 1 for a vector.
std::int64_t rows_of(const Tensor& x);
/// f32 data of a contiguous version of x; kernels take no strides. The tensor keeps it alive.
Tensor dense(const char* op, const Tensor& x);

}  // namespace octet
