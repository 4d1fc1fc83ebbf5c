#pragma once

#include "tensor/tensor.h"

namespace octet {

/// softmax over the last dimension: y_c = e^(x_c) / sum over j of e^(x_j).
///
/// Gradient, for each row: dx = y * (dy - sum(dy * y)). It comes from the quotient rule: x_c is in the numerator of y_c
/// and in the denominator of every y_j. So the derivative of y_j by x_c is
///
///     y_c (1 - y_c) where j = c, and -y_j y_c elsewhere
///
/// and dx_c, the sum over j of dy_j times that, is y_c (dy_c - sum over j of dy_j y_j). The sum is the same for all c.
Tensor softmax(const Tensor& x);

}  // namespace octet
