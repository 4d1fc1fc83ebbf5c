#pragma once

#include "tensor/packed_codes.h"
#include "tensor/tensor.h"

namespace octet {

/// GELU in its tanh form, as GPT-2 uses it: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
/// Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2.
Tensor gelu(const Tensor& x);

/// SiLU: x / (1 + exp(-x)).
Tensor silu(const Tensor& x);

/// SwiGLU: silu(gate) * up, shapes equal. Shazeer 2020, https://arxiv.org/abs/2002.05202, equation 6.
Tensor swiglu(const Tensor& gate, const Tensor& up);

/// x itself, gelu(x) or silu(x).
Tensor activate(const Tensor& x, Nonlinearity f);

}  // namespace octet
