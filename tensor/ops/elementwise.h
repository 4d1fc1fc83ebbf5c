#pragma once

#include "tensor/tensor.h"

namespace octet {

/// a + b. Shapes are equal, or the shape of b is the tail of that of a: b is then added to each leading slice, as a
/// bias (C) or a table of positions (T, C) is to (B, T, C). Gradients: da = dy; db = dy summed over the leading
/// dimensions.
Tensor add(const Tensor& a, const Tensor& b);

/// a * b, element by element; shapes are equal. Gradients: da = dy * b, db = dy * a.
Tensor mul(const Tensor& a, const Tensor& b);

/// factor * x. Gradient: dx = factor * dy.
Tensor scale(const Tensor& x, float factor);

}  // namespace octet
