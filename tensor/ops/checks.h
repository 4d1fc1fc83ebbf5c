#pragma once

#include "tensor/backend.h"
#include "tensor/tensor.h"

// Checks and small helpers that the operations share.

namespace octet {

void check_same_shape(const char* op, const Tensor& a, const Tensor& b);
/// `b` lies where `a` does, or is undefined: operations never copy between devices by themselves.
void check_same_device(const char* op, const Tensor& a, const Tensor& b);
/// x has at least `rank` dimensions, is f32.
void check_float(const char* op, const Tensor& x, int rank = 0);
/// `x` is a vector of `size` elements.
void check_vector(const char* op, const char* what, const Tensor& x, std::int64_t size);
/// Number of rows where the last dimension is the column; 1 for a vector.
std::int64_t rows_of(const Tensor& x);
/// Uninitialised elements on the device of `x`.
Tensor empty_like(const Tensor& x, const Shape& shape, DType dtype = DType::f32);
/// f32 data of a contiguous version of x; kernels take no strides. The tensor keeps it alive.
Tensor dense(const char* op, const Tensor& x);

}  // namespace octet
